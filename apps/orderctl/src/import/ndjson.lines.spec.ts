import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HANDLED_WINDOW } from '#domain/order/handled.js';
import { readNdjson, type NdjsonLine } from './ndjson.lines.js';

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-ndjson-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function linesOf(content: string): Promise<NdjsonLine[]> {
  const path = join(folder, 'orders.ndjson');
  await writeFile(path, content);
  return all(readNdjson(path));
}

const placing = { do: 'place', body: { currency: 'EUR' } };
const order = (...commands: unknown[]) => JSON.stringify({ key: 'web-1', commands: [placing, ...commands] });
const commandsToConfirm = (count: number) => Array.from({ length: count }, () => ({ do: 'confirm' }));

it('reads one order a line and skips empty lines', async () => {
  const content = `\n${order({ do: 'shipments', as: 'parcel' }, { do: 'shipments/{parcel}/dispatch' })}\n\n`;
  expect(await linesOf(content)).toMatchObject([
    {
      line: 2,
      script: {
        name: 'web-1',
        key: 'ndjson/web-1',
        steps: [
          { do: 'place', key: '0', body: { currency: 'EUR' } },
          { do: 'shipments', key: '1', as: 'parcel', body: {} },
          { do: 'shipments/{parcel}/dispatch', key: '2', body: {} },
        ],
      },
    },
  ]);
});

it('reads as many commands as an order remembers', async () => {
  const [{ script } = { script: null }] = await linesOf(order(...commandsToConfirm(999)));
  expect(script?.steps).toHaveLength(HANDLED_WINDOW.always);
});

it('reads a line that comes in many parts, and empty ones around it', async () => {
  const text = 'é'.repeat(700_000);
  const [first, second] = await linesOf(`\n${order({ do: 'notes', body: { text } })}\r\n\n${order()}`);
  expect(first).toMatchObject({ line: 2, script: { steps: [{}, { body: { text } }] } });
  expect(second).toMatchObject({ line: 4 });
});

it('refuses a line that is longer than allowed', async () => {
  const path = join(folder, 'long.ndjson');
  const allowed = 1024 * 1024;
  await writeFile(path, `${order()}\n${'x'.repeat(allowed + 1)}`);
  const lines = readNdjson(path, allowed);
  expect(await lines.next()).toMatchObject({ value: { line: 1 } });
  await expect(lines.next()).rejects.toThrow(
    /long\.ndjson line 2: is longer than 1 MB: put each order on a line of its own$/,
  );
  await writeFile(path, `${order()}\n${' '.repeat(allowed)}\n`);
  expect(await all(readNdjson(path, allowed))).toHaveLength(1);
});

it.each([
  ['no JSON', '{', /is not JSON/],
  ['a list', '[]', /is not a JSON object/],
  ['a key with spaces', JSON.stringify({ key: 'a b', commands: [placing] }), /`key` must be/],
  ['no commands', JSON.stringify({ key: 'a', commands: [] }), /`commands` must be/],
  [
    'more commands than an order remembers',
    order(...commandsToConfirm(1_000)),
    /`commands` lists 1001 commands, but an order remembers only 1000: keep the first 1000 here, and send the rest to/,
  ],
  [
    'an unknown field',
    JSON.stringify({ key: 'a', commands: [placing], x: 1 }),
    /the line has the unknown field `x`/,
  ],
  [
    'an unknown field of a command',
    order({ do: 'confirm', when: 1 }),
    /commands\[1\] has the unknown field `when`/,
  ],
  ['no place first', JSON.stringify({ key: 'a', commands: [{ do: 'confirm' }] }), /must be `place`/],
  ['place twice', order(placing), /must be `place`/],
  ['a route out of the order', order({ do: '../x' }), /commands\[1\]\.do/],
  [
    'a name nobody gave',
    order({ do: 'returns/{r}/close' }),
    /\{r\} in `returns\/\{r\}\/close` is not the name \(`as`\) of an earlier command/,
  ],
  ['a bad name', order({ do: 'returns', as: 'a b' }), /commands\[1\]\.as/],
  ['a body that is none', order({ do: 'confirm', body: 3 }), /commands\[1\]\.body/],
])('refuses %s with the line it stands on', async (_, line, message) => {
  await expect(linesOf(`${order()}\n${line}\n`)).rejects.toThrow(message);
  await expect(linesOf(`${order()}\n${line}\n`)).rejects.toThrow(/orders\.ndjson line 2: /);
});
