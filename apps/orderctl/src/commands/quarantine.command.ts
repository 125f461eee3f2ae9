import { userInfo } from 'node:os';
import { Option, type Command } from 'commander';
import type pg from 'pg';
import { askOwners } from '#projections/quarantine/ask-owners.js';
import {
  actionsOfOrder,
  type Action,
  type ActionRequest,
} from '#read-models/stores/quarantine-actions.store.js';
import { parkedEventsOf, type ParkedOrder } from '#read-models/stores/quarantine.store.js';
import { skipsOfOrder } from '#read-models/stores/skips.store.js';
import { orderIdOf, parkedNow, projectionNames, type ProjectionName } from '../quarantine/parked-now.js';
import { printActions, printParked, printParkedEvents, printSkips } from '../quarantine/print-quarantine.js';
import { CliError, UsageError } from '../support/cli-error.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { abortOnInterruption } from '../support/interruption.js';
import { printLine, printJson } from '../support/output.js';
import { withPostgres } from '../support/postgres.js';
import { wholeNumber } from '../support/whole-number.js';

interface ShownOptions extends ConnectionOptions {
  readonly projection?: ProjectionName;
  readonly json?: boolean;
}

interface ActionOptions extends ShownOptions {
  readonly all?: boolean;
  readonly as?: string;
  readonly reason?: string;
}

const STATEMENT_LIMIT_MS = 10_000;
/** What became of an action that Ctrl-C came too late for. */
const BEGUN =
  'the projector has begun it, and finishes it: `orderctl quarantine list` shows what stays parked';
const eventRevision = wholeNumber(
  0,
  9_999_999_999,
  (text) => `${text} is no revision: a whole number from 0 is needed`,
);

export function addQuarantineCommand(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description(
      'show parked orders, whose events a projection cannot apply, and retry or skip what is parked',
    );
  const list = quarantine
    .command('list')
    .description('list the parked orders, with the event where each is stuck and the reason');
  withScope(list).action(runList);

  const show = quarantine
    .command('show')
    .argument('<order>', 'id of the order; or its number, if it is parked')
    .description('show which events of an order are parked or skipped, and what people asked for');
  withScope(show).action(runShow);

  const retry = quarantine
    .command('retry')
    .argument('[order]', 'id or number of the order')
    .description('have the projector try parked events again; exit code 1 when something stays parked')
    .option('--all', 'retry every parked order');
  withActor(withScope(retry))
    .option('--reason <text>', 'the reason, recorded with the request')
    .action(runRetry);

  const skip = quarantine
    .command('skip')
    .argument('<order>', 'id or number of the order')
    .argument('<revision>', 'revision of the event to leave out', eventRevision)
    .description('leave out the event at which an order is parked; exit code 1 when it cannot be skipped');
  withActor(withScope(skip))
    .requiredOption('--reason <text>', 'the reason, recorded with the request')
    .action(runSkip);
  for (const command of quarantine.commands) command.exitOverride();
}

function withScope(command: Command): Command {
  command
    .addOption(
      new Option('--projection <name>', 'only what this projection has parked').choices(projectionNames),
    )
    .option('--json', 'print the result as JSON');
  return withConnection(command, ['postgresUrl'], { token: false });
}

function withActor(command: Command): Command {
  return command.option(
    '--as <who>',
    'who asks, recorded with the request (default: the user who is logged in)',
  );
}

async function runList({ projection, json, ...options }: ShownOptions): Promise<void> {
  const url = await new Connection(options).address('postgresUrl');
  const parked = await withQuarantine(url, (pool) => parkedNow(pool, projection ?? null));
  if (json) printJson({ orders: parked.map(plain) }, { pretty: false });
  else printParked(parked);
}

async function runShow(named: string, { projection, json, ...options }: ShownOptions): Promise<void> {
  const url = await new Connection(options).address('postgresUrl');
  await withQuarantine(url, async (pool) => {
    const orderId = await orderIdOf(pool, named);
    const all = await parkedEventsOf(pool, orderId);
    const parked = projection ? all.filter((event) => event.projection.split(':')[0] === projection) : all;
    const actions = await actionsOfOrder(pool, orderId);
    const tenants = new Set([...all, ...actions].flatMap(({ tenantId }) => tenantId ?? []));
    const skips = (
      await Promise.all([...tenants].map((tenantId) => skipsOfOrder(pool, { tenantId, orderId })))
    ).flat();
    if (json) return printJson({ orderId, parked: parked.map(plain), skips, actions }, { pretty: false });
    printParkedEvents(orderId, parked);
    printSkips(skips);
    printActions(actions);
  });
}

async function runRetry(named: string | undefined, { all, ...options }: ActionOptions): Promise<void> {
  if ((named === undefined) === !all) throw new UsageError('name an order, or give --all');
  await act(options, named ?? null, (order) => ({
    action: named === undefined ? 'retry_all' : 'retry',
    tenantId: named === undefined ? null : order.tenantId,
    orderId: named === undefined ? null : order.orderId,
    revision: null,
  }));
}

async function runSkip(named: string, revision: number, options: ActionOptions): Promise<void> {
  await act(options, named, ({ tenantId, orderId }) => ({
    ...{ action: 'skip', tenantId, orderId, revision },
  }));
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`; // a container may run as a user that has no name
  }
}

type Asked = Pick<ActionRequest, 'action' | 'tenantId' | 'orderId' | 'revision'>;

async function act(
  { projection, json, as, reason, ...options }: ActionOptions,
  named: string | null,
  requestFor: (order: ParkedOrder) => Asked,
): Promise<void> {
  const who = as ?? userName();
  const url = await new Connection(options).address('postgresUrl');
  const actions = await withQuarantine(url, async (pool) => {
    const orderId = named === null ? null : await orderIdOf(pool, named);
    const parked = (await parkedNow(pool, projection ?? null)).filter(
      (order) => orderId === null || order.orderId === orderId,
    );
    if (orderId !== null && parked.length === 0) {
      const where = projection ? ` in ${projection}` : '';
      throw new CliError(`order ${orderId} is not parked${where}: see \`orderctl quarantine list\``);
    }
    const requests = new Map<string, ActionRequest>();
    for (const order of parked) {
      const { projection: of, generation } = order;
      const request = { projection: of, generation, ...requestFor(order), reason: reason ?? null, who };
      requests.set(`${of} ${generation} ${request.tenantId ?? ''}`, request);
    }
    const tell = (line: string) => void process.stderr.write(`${line}\n`);
    const { signal: takeBack, forget } = abortOnInterruption();
    try {
      return await askOwners(pool, [...requests.values()], { tell, takeBack });
    } finally {
      forget();
    }
  });
  if (json) printJson({ actions }, { pretty: false });
  else if (actions.length === 0) console.log('nothing is parked');
  else for (const action of actions) printLine(`${action.projection}: ${action.outcome ?? BEGUN}`);
  process.exitCode = actions.every(({ succeeded }: Action) => succeeded === true) ? 0 : 1;
}

function plain<T extends { readonly position: bigint | null }>(
  event: T,
): Omit<T, 'position'> & { position: string | null } {
  return { ...event, position: event.position?.toString() ?? null };
}

function withQuarantine<T>(url: string, work: (pool: pg.Pool) => Promise<T>): Promise<T> {
  return withPostgres(url, 'orderctl quarantine', work, { statementTimeoutMs: STATEMENT_LIMIT_MS });
}
