import { parseArgs } from 'node:util';
import { DbClientEventStore } from '#event-store/db-client-event-store.js';
import type { ExactEventStore } from '#event-store/port.js';
import type { LogOptions } from './filled-log.js';
import type { Row } from './measure.js';
import { asOf } from './rows/as-of.row.js';
import { eventStore } from './rows/event-store.row.js';
import { get } from './rows/get.row.js';
import { hotOrder } from './rows/hot-order.row.js';
import { importOrders } from './rows/import.row.js';
import { longOrder } from './rows/long-order.row.js';
import { mixed } from './rows/mixed.row.js';
import { peers } from './rows/peers.row.js';
import { place } from './rows/place.row.js';
import { poison } from './rows/poison.row.js';
import { KAFKA_VARIABLE, relay } from './rows/relay.row.js';
import { rebuild } from './rows/rebuild.row.js';
import { replay } from './rows/replay.row.js';
import { retry } from './rows/retry.row.js';
import { searchElasticsearch } from './rows/search-elasticsearch.row.js';
import { rebuildSearch, searchIndex } from './rows/search-index.row.js';
import { search } from './rows/search.row.js';
import { soak } from './rows/soak.row.js';
import { searchable } from './rows/searchable.row.js';
import { validation } from './rows/validation.row.js';
import { visible } from './rows/visible.row.js';
import { benchClient, ELASTICSEARCH_VARIABLE, newIndexPrefix, removeIndexes } from './search-engine.js';
import { startSystem, type System } from './system.js';

const rows: Readonly<
  Record<
    string,
    (system: System, store: ExactEventStore, file: string | null) => Promise<Row | readonly Row[]>
  >
> = {
  place,
  mixed,
  'hot-order': hotOrder,
  get,
  'long-order': longOrder,
  retry,
  visible,
  search,
  'search-elasticsearch': searchElasticsearch,
  searchable,
  relay,
  'as-of': asOf,
  replay,
  'replay-index': replay,
  import: (system, _store, file) => importOrders(system, file),
};

/** Rows that start the part of the system that they need themselves. */
type Options = LogOptions & { readonly minutes: number | null };

const standalone: Readonly<Record<string, (options: Options) => Promise<readonly Row[]>>> = {
  'event-store': eventStore,
  rebuild,
  'rebuild-search': rebuildSearch,
  'search-index': searchIndex,
  poison,
  validation,
  peers,
  soak,
};

/** The additional engine that a row needs, by the variable that names its address. */
const needed: Readonly<Record<string, string>> = {
  relay: KAFKA_VARIABLE,
  'search-index': ELASTICSEARCH_VARIABLE,
  'rebuild-search': ELASTICSEARCH_VARIABLE,
  'replay-index': ELASTICSEARCH_VARIABLE,
  'search-elasticsearch': ELASTICSEARCH_VARIABLE,
  searchable: ELASTICSEARCH_VARIABLE,
};

const USAGE = `usage: npm run bench -- NAME... [--json] [--file FILE] [--events N] [--minutes N]

Starts a system of its own for each row and compares it with the raw engine in the same run.
Names: ${[...Object.keys(rows), ...Object.keys(standalone)].join(', ')}
--json    print one JSON object for each row
--file    a shop's own file instead of a made-up one, for import, search, relay, replay, rebuild, rebuild-search, search-index
--events  events in the log of rebuild, rebuild-search, search-index (default: 1,000,000) and poison (default: 300,000)
--minutes how long soak runs (default: 60)`;

function readArguments(): { names: string[]; json: boolean; options: Options } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      file: { type: 'string' },
      events: { type: 'string' },
      minutes: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const unknown = positionals.filter((name) => !(name in rows) && !(name in standalone));
  if (values.help) throw new Error('');
  if (unknown.length > 0) throw new Error(`there is no row called ${unknown.join(', ')}`);
  if (positionals.length === 0) throw new Error('name at least one row');
  const events = values.events === undefined ? null : Number(values.events);
  if (events !== null && !(Number.isSafeInteger(events) && events > 0))
    throw new Error('--events needs a whole number above 0');
  const minutes = values.minutes === undefined ? null : Number(values.minutes);
  if (minutes !== null && !(minutes > 0)) throw new Error('--minutes needs a number above 0');
  return { names: positionals, json: values.json, options: { file: values.file ?? null, events, minutes } };
}

function format(row: Row): string {
  const number = (value: number | null, digits: number) =>
    value === null || Number.isNaN(value)
      ? '–'
      : value.toLocaleString('en', { maximumFractionDigits: digits });
  const parts = row.parts?.map((part) => number(part, part < 100 ? 1 : 0)).join('  ');
  return [
    row.name.padEnd(24),
    number(row.ratio, 2).padStart(6),
    number(row.target, 2).padStart(8),
    number(row.perSecond, 0).padStart(10),
    number(row.rawPerSecond, 0).padStart(10),
    number(row.cpuMicrosPerOp, 0).padStart(10),
    number(row.p50Ms, 1).padStart(8),
    number(row.p95Ms, 1).padStart(8),
    number(row.p99Ms, 1).padStart(8),
    ...(parts === undefined ? [] : [`\n  of each part: ${parts}`]),
  ].join(' ');
}

const HEADER =
  'row                       ratio   target   ours/s      raw/s     CPU µs   p50 ms   p95 ms   p99 ms';

async function run(): Promise<void> {
  const { names, json, options } = readArguments();
  if (!json) console.log(HEADER);
  const print = (row: Row) => console.log(json ? JSON.stringify(row) : format(row));
  for (const name of names) {
    const variable = needed[name];
    if (variable !== undefined && !process.env[variable]) {
      console.error(`${name} skipped: ${variable} is not set`);
      continue;
    }
    const alone = standalone[name];
    if (alone) {
      (await alone(options)).forEach(print);
      continue;
    }
    [await runRow(rows[name]!, variable === ELASTICSEARCH_VARIABLE, options.file)].flat().forEach(print);
  }
}

async function runRow(
  row: (typeof rows)[string],
  inIndex: boolean,
  file: string | null,
): Promise<Row | readonly Row[]> {
  const prefix = newIndexPrefix();
  const system = inIndex
    ? await startSystem(['--elasticsearch', process.env[ELASTICSEARCH_VARIABLE]!], {
        ORDERLOG_ELASTICSEARCH_INDEX_PREFIX: prefix,
      })
    : await startSystem();
  const store = new DbClientEventStore({ connectionString: system.eventStoreUrl });
  try {
    return await row(system, store, file);
  } finally {
    await store.close();
    await system.stop();
    if (inIndex) await removeAll(prefix);
  }
}

async function removeAll(prefix: string): Promise<void> {
  const client = benchClient();
  await removeIndexes(client, prefix);
  await client.close();
}

run().catch((error: Error) => {
  console.error(error.message === '' ? USAGE : `bench: ${error.message}\n\n${USAGE}`);
  process.exitCode = error.message === '' ? 0 : 2;
});
