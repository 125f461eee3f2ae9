import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import { StoreUnavailable } from '#event-store/errors.js';
import { startTestEventStore } from '#test/support/event-store.js';
import { selfSignedCertificate } from '#test/support/self-signed-certificate.js';
import { collected, someEvent, someStream } from '#test/support/stored-events.js';
import { startTlsProxy, type TlsProxy } from '#test/support/tls-proxy.js';

const PASSWORD = 's3cret:p@ss';
const CREDENTIALS = `ops:${encodeURIComponent(PASSWORD)}`;

let folder: string;
let server: Awaited<ReturnType<typeof startTestEventStore>>;
let proxy: TlsProxy;
let caFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-tls-'));
  const certificate = selfSignedCertificate();
  caFile = join(folder, 'ca.pem');
  await writeFile(caFile, certificate.cert);
  server = await startTestEventStore();
  proxy = await startTlsProxy(`http://127.0.0.1:${new URL(server.url).port}`, certificate);
}, 60_000);

afterAll(async () => {
  await proxy.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** All that could be printed of an error: its causes and what hangs on them. */
function printed(error: unknown): string {
  return inspect(error, { depth: 12, showHidden: true });
}

describe('a connection string with TLS and credentials', () => {
  it('goes to the client as it is: every call is encrypted and signed', async () => {
    const url = `esdb://${CREDENTIALS}@localhost:${proxy.port}?tls=true&tlsCAFile=${caFile}`;
    const store = new DbClientEventStore({ connectionString: url });
    const stream = someStream();
    await store.append(stream, [someEvent(), someEvent()], 'no_stream');
    expect(await collected(store.readStream(stream))).toHaveLength(2);
    expect(await store.headPosition()).toBeGreaterThan(0n);
    const leaving = new AbortController();
    const subscription = store.subscribeToAll({ after: null, streamPrefix: stream, signal: leaving.signal });
    const seen: number[] = [];
    for await (const message of subscription) {
      if (message.kind === 'event') seen.push(message.event.revision);
      if (message.kind === 'caught_up') leaving.abort();
    }
    expect(seen).toEqual([0, 1]);
    await store.close();

    const basic = `Basic ${Buffer.from(`ops:${PASSWORD}`).toString('base64')}`;
    const calls = [...proxy.authorizations].filter(([path]) => path.includes('streams.Streams'));
    expect(calls.map(([path]) => path.split('/').at(-1)).sort()).toEqual(['BatchAppend', 'Read']);
    for (const [, authorization] of calls) expect(authorization).toBe(basic);
  });

  it.each([
    ['a certificate that it does not trust', () => `esdb://${CREDENTIALS}@localhost:${proxy.port}?tls=true`],
    ['a server without TLS', () => `esdb://${CREDENTIALS}@localhost:${new URL(server.url).port}?tls=true`],
    ['a port where nobody listens', () => `esdb://${CREDENTIALS}@localhost:1?tls=true&tlsCAFile=${caFile}`],
  ])('is StoreUnavailable before %s, and says nothing of the password', async (_what, url) => {
    const store = new DbClientEventStore({ connectionString: url(), timeoutMs: 2_000 });
    const failures = await Promise.all([
      store.append(someStream(), [someEvent()], 'no_stream').catch((error: unknown) => error),
      collected(store.readStream(someStream())).catch((error: unknown) => error),
      store.headPosition().catch((error: unknown) => error),
    ]);
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(StoreUnavailable);
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), btoa(`ops:${PASSWORD}`)]) {
        expect(printed(failure)).not.toContain(secret);
      }
    }
    await store.close();
  });

  it.each(['esdb://{}@localhost:2113?tls=perhaps', 'esdb://{}@localhost:port', 'kurrentdb://{}@localhost'])(
    'that is none is refused in one line that does not repeat it: %s',
    (url) => {
      const open = () => new DbClientEventStore({ connectionString: url.replace('{}', CREDENTIALS) });
      let error: unknown;
      try {
        open();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({
        message: expect.stringMatching(
          /connection string .* not understood: after \d+ characters/,
        ) as unknown,
      });
      expect((error as Error).message).not.toContain('\n');
      expect(printed(error)).not.toContain(encodeURIComponent(PASSWORD));
    },
  );
});
