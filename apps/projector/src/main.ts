import { envEventStoreUrl, envPort, envPostgresUrl, envText, readConfig } from '#platform/config.js';
import { runApp } from '#platform/lifecycle.js';
import { startProjector } from './start.js';

await runApp('projector', (logger) =>
  startProjector(
    readConfig({
      postgresUrl: envPostgresUrl('ORDERLOG_POSTGRES_URL'),
      eventStoreUrl: envEventStoreUrl('ORDERLOG_EVENT_STORE_URL'),
      host: envText('ORDERLOG_HOST', '127.0.0.1'),
      port: envPort('ORDERLOG_PORT', 3002),
    }),
    logger,
  ),
);
