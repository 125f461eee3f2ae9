import { Option, type Command } from 'commander';
import { instantOf } from '#domain/instant.js';
import type { Input, Item, OrderlogClient } from '#client/orderlog-client.js';
import { diffText } from '../inspect/diff-view.js';
import { findOrder } from '../inspect/find-order.js';
import { orderText } from '../inspect/order-view.js';
import { openApi } from '../support/api.js';
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
    .description('show one order, found by its id, number or reference, with its history')
    .option('--as-of <time>', 'show the order with all that had happened by this time (2026-11-22T18:00:00Z)')
    .option('--recorded-as-of <time>', 'show the order with all that had been recorded by this time')
    .option('--revision <n>', 'show the order after the event of this revision, from 0')
    .option('--diff <a..b>', 'show what changed between two revisions or times, and who changed it')
    .option('--json', 'print the result as JSON');
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
  const queryUrl = await connection.address('queryUrl');
  const token = await connection.token(['orders:read']);
  const { client, close } = openApi({ queryUrl, token, connections: 1, patienceMs: PATIENCE_MS });
  try {
    const orderId = await findOrder(client, named);
    if (range !== null) {
      const diff = await client.diffOrder({ orderId, ...range });
      if (options.json) printJson(diff);
      else console.log(diffText(diff));
      return;
    }
    const order = await client.getOrder({ orderId, ...question });
    const history = await historyOf(client, orderId, order.revision);
    if (options.json) printJson({ order, history });
    else console.log(orderText(order, history));
  } finally {
    await close();
  }
}

/** The events up to and including a revision: an earlier state of the order does not show later events. */
async function historyOf(
  client: OrderlogClient,
  orderId: string,
  upTo: number,
): Promise<Item<'getOrderHistory'>[]> {
  const events: Item<'getOrderHistory'>[] = [];
  for await (const event of client.items('getOrderHistory', { orderId, limit: 100 })) {
    if (event.revision > upTo) break;
    events.push(event);
  }
  return events;
}

type Moment = Pick<Input<'getOrder'>, 'asOf' | 'recordedAsOf' | 'revision'>;

function momentQuery({ asOf, recordedAsOf, revision }: InspectOptions): Moment {
  if (revision !== undefined) {
    if (!/^\d{1,9}$/.test(revision))
      throw new UsageError(`--revision ${revision} is no revision: a whole number from 0 is needed`);
    return { revision: Number(revision) };
  }
  if (asOf !== undefined) return { asOf: timeOf('--as-of', asOf) };
  if (recordedAsOf === undefined) return {};
  return { recordedAsOf: timeOf('--recorded-as-of', recordedAsOf) };
}

/** Reads `3..7`, `2026-11-01T00:00:00Z..2026-11-02T00:00:00Z` or `3..` (up to now). @throws UsageError */
function diffQuery(text: string): Pick<Input<'diffOrder'>, 'from' | 'to'> {
  const [from, to, ...more] = text.split('..');
  if (!from || to === undefined || more.length > 0) {
    throw new UsageError(`--diff ${text} is no range: give two revisions or two times, such as 3..7`);
  }
  const place = (one: string) => (/^\d{1,9}$/.test(one) ? one : timeOf('--diff', one));
  return { from: place(from), ...(to === '' ? {} : { to: place(to) }) };
}

function timeOf(flag: string, text: string): string {
  const time = instantOf(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (time === null)
    throw new UsageError(
      `${flag} ${text} is no time: give a date, or a time with an offset, such as 2026-11-22T18:00:00Z`,
    );
  return time;
}
