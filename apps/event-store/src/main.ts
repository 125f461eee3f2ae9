import { setLogger } from '@grpc/grpc-js';
import { runApp } from '#platform/lifecycle.js';
import { startEventStore } from './server.js';
import { settingsFromEnvironment } from './settings.js';

await runApp('event-store', async (logger) => {
  // gRPC would write to the console by itself. Whatever matters in its messages also reaches us as errors.
  const note = (message: unknown) => logger.debug({ message }, 'gRPC');
  setLogger({ error: note, info: note, debug: note });
  // A process that went on would serve events that no longer exist, or never see new ones.
  const onOutdated = (why: string) => {
    logger.fatal(why);
    process.exit(1);
  };
  return startEventStore({ ...settingsFromEnvironment(), logger, onOutdated });
});
