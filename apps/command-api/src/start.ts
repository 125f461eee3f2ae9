import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { createTokenVerifier } from '#platform/auth/token-verifier.js';
import type { RunningApp } from '#platform/lifecycle.js';
import type { Logger } from '#platform/logging.js';
import { createCommandHttpApp } from './http-api.js';
import { openCommandHandling } from './open-command-handling.js';
import { defaultLoading, type CommandApiSettings } from './settings.js';
import { StoreMark } from './store-mark.js';

/** Starts the whole app, listening. The event store may still be away: it is asked only when it is needed. */
export async function startCommandApi(
  settings: CommandApiSettings,
  logger: Logger,
): Promise<RunningApp & { port: number }> {
  const { host, queryBaseUrl, requireIfMatch, jwksUrl, issuer, audience } = settings;
  const onLost = () => {
    handling.forget();
    storeMark.forget();
  };
  const connectionString = settings.eventStoreUrl;
  const eventStore = new DbClientEventStore({ connectionString, onLost });
  const storeMark = new StoreMark(eventStore);
  const handling = openCommandHandling(eventStore, settings.loading ?? defaultLoading, logger);
  const http = await createCommandHttpApp(handling.commands, {
    logger,
    metrics: async () => handling.metrics,
    verifier: createTokenVerifier({ jwksUrl, issuer, audience }),
    checkEventStore: () => eventStore.headPosition(),
    queryBaseUrl: queryBaseUrl.replace(/\/+$/, ''),
    requireIfMatch,
    storeMark: () => storeMark.current(),
  });
  const port = await http.listen(host, settings.port);
  const { drainDelayMs = 0 } = settings;
  const close = async () => {
    await http.close(drainDelayMs);
    await handling.close();
    await eventStore.close();
  };
  return { port, drainDelayMs, close };
}
