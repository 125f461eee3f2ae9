import { setLogger } from '@grpc/grpc-js';
import { envPort, envPostgresUrl, envText, readConfig } from '#platform/config.js';
import { runApp } from '#platform/lifecycle.js';
import { startEventStore } from './server.js';

await runApp('event-store', async (logger) => {
  // gRPC writes to the console by itself; what matters of it reaches us as errors.
  const note = (message: unknown) => logger.debug({ message }, 'gRPC');
  setLogger({ error: note, info: note, debug: note });
  const config = readConfig({
    postgresUrl: envPostgresUrl('ORDERLOG_POSTGRES_URL'),
    port: envPort('ORDERLOG_PORT', 2113),
    host: envText('ORDERLOG_HOST', '127.0.0.1'),
  });
  return startEventStore({ ...config, logger });
});
