import { setLogger } from '@grpc/grpc-js';
import { runApp } from '#platform/lifecycle.js';
import { startEventStore } from './server.js';
import { settingsFromEnvironment } from './settings.js';

await runApp('event-store', async (logger) => {
  // gRPC writes to the console by itself; what matters of it reaches us as errors.
  const note = (message: unknown) => logger.debug({ message }, 'gRPC');
  setLogger({ error: note, info: note, debug: note });
  return startEventStore({ ...settingsFromEnvironment(), logger });
});
