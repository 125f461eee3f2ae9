import { Option, type Command } from 'commander';
import { instantOf } from '#domain/instant.js';
import type { HistoryEntry } from '#read-models/readers/order-history.reader.js';
import { diffText, type ShownDiff } from '../inspect/diff-view.js';
import { findOrder } from '../inspect/find-order.js';
import { orderText, type ShownOrder } from '../inspect/order-view.js';
import { ApiClient } from '../support/api-client.js';
import { UsageError } from '../support/cli-error.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { printJson } from '../support/output.js';

interface InspectOptions extends ConnectionOptions {
  readonly asOf?: string;
  readonly recordedAsOf?: string;
  readonly revision?: string;
  readonly diff?: string;
  readonly json?: boolean;
}

const MOMENTS = ['asOf', 'recordedAsOf', 'revision', 'diff'] as const;
const PATIENCE_MS = 10_000;

export function addInspectCommand(program: Command): void {
  const command = program
    .command('inspect <order>')
    .description('one order, by its id, number or reference: what it is, and how it came to be')
    .option('--as-of <time>', 'as it was when this had happened (2026-11-22T18:00:00Z)')
    .option('--recorded-as-of <time>', 'as it was when this had been recorded')
    .option('--revision <n>', 'as it was after this event')
    .option('--diff <a..b>', 'what changed between two revisions or times, and who changed it')
    .option('--json', 'as one JSON object');
  for (const moment of MOMENTS) {
    const option = command.options.find((one: Option) => one.attributeName() === moment);
    option?.conflicts(MOMENTS.filter((other) => other !== moment));
  }
  withConnection(command, ['queryUrl']).action(runInspect);
}

async function runInspect(named: string, options: InspectOptions): Promise<void> {
  const question = momentQuery(options);
  const range = options.diff === undefined ? null : diffQuery(options.diff);
  const connection = new Connection(options);
  const url = await connection.address('queryUrl');
  const token = await connection.token(['orders:read']);
  const api = new ApiClient({ url, token, connections: 1, patienceMs: PATIENCE_MS });
  try {
    const path = `/v1/orders/${await findOrder(api, named)}`;
    if (range !== null) {
      const diff = (await api.get(`${path}/diff?${range}`)) as ShownDiff;
      if (options.json) printJson(diff);
      else console.log(diffText(diff));
      return;
    }
    const order = (await api.get(`${path}${question}`)) as ShownOrder;
    const history = await historyOf(api, path, order.revision);
    if (options.json) printJson({ order, history });
    else console.log(orderText(order, history));
  } finally {
    await api.close();
  }
}

/** The events up to a revision: those after it had not happened yet. */
async function historyOf(api: ApiClient, path: string, upTo: number): Promise<HistoryEntry[]> {
  const events: HistoryEntry[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = (await api.get(`${path}/history?limit=100${after}`)) as {
      items: readonly HistoryEntry[];
      nextCursor: string | null;
    };
    events.push(...page.items.filter(({ revision }) => revision <= upTo));
    cursor = (page.items.at(-1)?.revision ?? upTo) < upTo ? page.nextCursor : null;
  } while (cursor !== null);
  return events;
}

function momentQuery({ asOf, recordedAsOf, revision }: InspectOptions): string {
  if (revision !== undefined) {
    if (!/^\d{1,9}$/.test(revision))
      throw new UsageError(`--revision ${revision} is none: a number from 0 is needed`);
    return `?revision=${revision}`;
  }
  if (asOf !== undefined) return `?asOf=${encodeURIComponent(timeOf('--as-of', asOf))}`;
  if (recordedAsOf === undefined) return '';
  return `?recordedAsOf=${encodeURIComponent(timeOf('--recorded-as-of', recordedAsOf))}`;
}

/** `3..7`, `2026-11-01T00:00:00Z..2026-11-02T00:00:00Z`, `3..` (up to now) */
function diffQuery(text: string): string {
  const [from, to, ...more] = text.split('..');
  if (!from || to === undefined || more.length > 0) {
    throw new UsageError(`--diff ${text} is no range: give two revisions or times, as 3..7`);
  }
  const place = (one: string) => (/^\d{1,9}$/.test(one) ? one : timeOf('--diff', one));
  return new URLSearchParams({ from: place(from), ...(to === '' ? {} : { to: place(to) }) }).toString();
}

function timeOf(flag: string, text: string): string {
  const time = instantOf(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (time === null)
    throw new UsageError(
      `${flag} ${text} is no time: a date with an offset is needed, as 2026-11-22T18:00:00Z`,
    );
  return time;
}
