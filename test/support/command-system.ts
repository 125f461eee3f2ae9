import { afterAll, beforeAll, jest } from '@jest/globals';
import { startTestCommandApi, type TestCommandApi } from './command-api.js';
import { startTestEventStore } from './event-store.js';

/** CI machines are slow and shared; speed is measured in the bench. */
const TEST_LIMIT_MS = 60_000;

export interface CommandSystem {
  readonly eventStoreUrl: string;
  readonly api: TestCommandApi;
  /** Another instance in a separate process, where changes need If-Match. */
  readonly strict: TestCommandApi;
}

/** An event store and command-api for all tests of a file. */
export function commandSystem(options: { strict?: boolean } = {}): CommandSystem {
  jest.setTimeout(TEST_LIMIT_MS);
  const parts: Partial<{ -readonly [Part in keyof CommandSystem]: CommandSystem[Part] }> = {};
  const opened: { close(): Promise<void> }[] = [];
  const open = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const part = await starting;
    opened.unshift(part);
    return part;
  };
  beforeAll(async () => {
    const { url } = await open(startTestEventStore());
    parts.eventStoreUrl = url;
    parts.api = await open(startTestCommandApi({ eventStoreUrl: url }));
    if (!options.strict) return;
    const strict = { eventStoreUrl: url, requireIfMatch: true, ownProcess: true };
    parts.strict = await open(startTestCommandApi(strict));
  }, TEST_LIMIT_MS);
  afterAll(async () => {
    for (const part of opened) await part.close();
  }, TEST_LIMIT_MS);
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the system has not started');
    return part;
  };
  return {
    get eventStoreUrl() {
      return started(parts.eventStoreUrl);
    },
    get api() {
      return started(parts.api);
    },
    get strict() {
      return started(parts.strict);
    },
  };
}
