import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { configNames, type ConfigName } from '#platform/config-names.js';
import { MarkedSecrets, markOf, seenIn, USER } from '../support/marked-secrets.js';
import { overhearOrderctl } from '../support/quiet-process.js';

jest.setTimeout(180_000);

const malformed: readonly (readonly [ConfigName, (secret: string) => string])[] = [
  ['ORDERLOG_POSTGRES_URL', (secret) => `postgres://${USER}:${secret}@h:99999/x`],
  [
    'ORDERLOG_POSTGRES_URL',
    (secret) => `postgres://${USER}:${secret}@h/x?sslmode=verify-full&sslrootcert=/none`,
  ],
  ['ORDERLOG_POSTGRES_URL', (secret) => `postgres://${USER}:${secret}%@127.0.0.1:1/x`],
  ['ORDERLOG_EVENT_STORE_URL', (secret) => `esdb://${USER}:${secret}@`],
  ['ORDERLOG_EVENT_STORE_URL', (secret) => `esdb://${USER}:${secret}@h:2113?tls=perhaps&colour=red`],
  ['ORDERLOG_EVENT_STORE_URL', (secret) => `esdb://${USER}:${secret}@h:2113?tls=false&colour=red`],
  ['ORDERLOG_EVENT_STORE_URL', (secret) => `esdb://${USER}:${secret}%@h:2113`],
  ['ORDERLOG_EVENT_STORE_URL', (secret) => `esdb://${USER}:${secret}@h:2113?tls=true&tlsCAFile=/none`],
  ['ORDERLOG_ELASTICSEARCH_URL', (secret) => `http://${USER}:${secret}@h:99999`],
  ['ORDERLOG_ELASTICSEARCH_URL', (secret) => `http://${USER}:${secret}%@127.0.0.1:1`],
  ['ORDERLOG_ELASTICSEARCH_API_KEY', (secret) => `${secret}\n${secret}`],
  ['ORDERLOG_KAFKA_SASL_PASSWORD', (secret) => `${secret}\n${secret}`],
  ['ORDERLOG_TOKEN', (secret) => `${secret}\n${secret}`],
];

const commands: readonly (readonly string[])[] = [
  ['status'],
  ['status', '--json'],
  ['verify'],
  ['verify', '--kafka'],
  ['inspect', 'A-1'],
  ['quarantine', 'list'],
  ['generations', 'list'],
  ['migrations', 'list'],
  ['replay', '--dry-run'],
  ['read-models', 'renew'],
  ['relay', 'status'],
  ['relay', 'replay', '--from', '0'],
  ['events', 'export', '/dev/null'],
  ['import', '/dev/null', '--format', 'ndjson'],
  ['keys'],
  ['token', '--scope', 'orders:read'],
];

describe('a secret', () => {
  let secrets: MarkedSecrets;
  let ofOrderctl: Record<string, string>;

  beforeAll(async () => {
    secrets = await MarkedSecrets.open();
    const url = `http://127.0.0.1:${secrets.nobody}`;
    ofOrderctl = {
      ORDERLOG_COMMAND_URL: url,
      ORDERLOG_QUERY_URL: url,
      ORDERLOG_DATA: join(secrets.folder, 'data'),
    };
  });
  afterAll(() => secrets.close());

  const inTurns = malformed.map(([name, write], turn) => ({ name, write, turn }));
  it.each(inTurns)('is not seen where it is malformed: $name ($turn)', async ({ name, write, turn }) => {
    const environment = {
      ...secrets.places()['nobody there'],
      [name]: write(markOf(name)),
    } as Record<string, string>;
    // All of them read it by the same code.
    const readers = configNames[name].readBy.split(', ');
    const app = readers[turn % readers.length]!;
    const text =
      app === 'orderctl'
        ? await overhearOrderctl(['status'], { ...environment, ...ofOrderctl })
        : await secrets.overheard(app, environment);
    expect([app, seenIn(text)]).toEqual([app, []]);
    expect(text).not.toBe('');
  });

  it.each(commands.map((args, turn) => [args, turn] as const))(
    'is not seen in what orderctl says: %j (%i)',
    async (args, turn) => {
      const places = Object.entries(secrets.places());
      // Two of them for each command, and so each for many.
      const some = [turn, turn + 2].map((index) => places[index % places.length]!);
      for (const [place, environment] of some) {
        const text = await overhearOrderctl(args, { ...environment, ...ofOrderctl });
        expect([place, seenIn(text)]).toEqual([place, []]);
      }
    },
  );

  it.each([
    ['--postgres', 'ORDERLOG_POSTGRES_URL'],
    ['--event-store', 'ORDERLOG_EVENT_STORE_URL'],
    ['--elasticsearch', 'ORDERLOG_ELASTICSEARCH_URL'],
  ] as const)('is not seen where `orderctl up` was given it by %s', async (option, name) => {
    for (const environment of Object.values(secrets.places())) {
      // Both ports are the same, so the command never starts the system even if all else is right.
      const args = [
        'up',
        '--no-demo',
        option,
        environment[name]!,
        '--command-port',
        '3',
        '--query-port',
        '3',
      ];
      expect(seenIn(await overhearOrderctl(args, { ORDERLOG_DATA: join(secrets.folder, 'up') }))).toEqual([]);
    }
  });
});
