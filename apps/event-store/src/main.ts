import { setLogger } from '@grpc/grpc-js';
import { runApp } from '#platform/lifecycle.js';
import { startEventStore } from './server.js';
import { settingsFromEnvironment } from './settings.js';

await runApp('event-store', async (logger) => {
  // gRPC writes to the console by itself; what matters of it reaches us as errors.
  const note = (message: unknown) => logger.debug({ message }, 'gRPC');
  setLogger({ error: note, info: note, debug: note });
  // Who asks this one would be told of what is no more, or of nothing new.
  const onOutdated = (why: string) => {
    logger.fatal(why);
    process.exit(1);
  };
  return startEventStore({ ...settingsFromEnvironment(), logger, onOutdated });
});
