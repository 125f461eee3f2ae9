import { setTimeout as delay } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { createLogger } from '#platform/logging.js';
import { CannotReplay, ReplayFailed } from '#projections/replay/errors.js';
import { ReplayCancelled } from '#projections/replay/replay-control.js';
import { replay } from '#projections/replay/replay.js';
import {
  ReplaysStore,
  type ReplayAsked,
  type ReplayRecord,
  type ReplayRequested,
} from '#read-models/stores/replays.store.js';
import { printPlan, printReplayed, reportOf } from '../replay/print-replay.js';
import { planReplay } from '../replay/replay-plan.js';
import { ReplayProgressBars } from '../replay/replay-progress.js';
import { withReadModels } from '../support/read-models.js';
import { CliError, UsageError } from '../support/cli-error.js';
import { Connection, withConnection, type ConnectionOptions } from '../support/connection.js';
import { openElasticsearch } from '../support/elasticsearch.js';
import { withEventStore } from '../support/event-store.js';
import { abortOnInterruption } from '../support/interruption.js';
import { printJson } from '../support/output.js';
import { withPostgres } from '../support/postgres.js';
import { comeAfterOthers } from '../support/priority.js';
import { wholeNumber } from '../support/whole-number.js';
import { runWhatIf } from '../what-if/run-what-if.js';

interface ReplayOptions extends ConnectionOptions {
  readonly searchOnly?: boolean;
  readonly verify?: 'full' | number;
  /** false: no throttle, also where the replay began with one. */
  readonly throttle?: number | false;
  readonly keep?: boolean;
  readonly dryRun?: boolean;
  readonly whatIf?: string;
  readonly json?: boolean;
}

/** A process that waits for a store connects anew at each try: for that moment it does not show. */
const LOOK_AGAIN_MS = 500;
const NEEDS = ['postgresUrl', 'eventStoreUrl', 'elasticsearchUrl'] as const;

export function addReplayCommand(program: Command): void {
  const command = program
    .command('replay')
    .description('build the read models anew beside the active ones, verify them, and flip to them')
    .option('--search-only', 'build only the search index, from the rows of the active generation')
    .option('--dry-run', 'print what a replay would do, and how much space and time it would take')
    .option(
      '--what-if <definition>',
      'build nothing; show which orders a changed projection would change, and how',
    )
    .option('--json', 'print the result as JSON');
  withConnection(withRequest(command), NEEDS, { token: false }).action(runReplay);
  addAsking(command, 'pause', 'pause the replay, whichever process runs it');
  addAsking(
    command,
    'resume',
    'let the replay go on; if no process works on it any more, continue it in this one',
  );
  addAsking(command, 'cancel', 'end the replay and drop what it has built');
  for (const one of command.commands) one.exitOverride();
}

/** Options that a stopped replay may be given anew. An option that is not given keeps its value. */
function withRequest(command: Command): Command {
  return command
    .option(
      '--verify <full|sample=N>',
      'compare all orders, or N of them, before the flip (default: full, or as the replay began)',
      parseVerify,
    )
    .option(
      '--throttle <count>',
      'load, fill the index and verify with at most this many events and documents a second',
      wholeNumber(1),
    )
    .option('--no-throttle', 'lift the throttle of a replay that began with one')
    .option('--keep', 'do not drop older generations after the flip')
    .option('--no-keep', 'drop older generations, although the replay began with --keep');
}

function addAsking(replays: Command, name: 'pause' | 'resume' | 'cancel', description: string): void {
  const command = replays.command(name).description(description).option('--json', 'print the result as JSON');
  if (name === 'resume') withRequest(command);
  withConnection(command, NEEDS, { token: false }).action((_: unknown, { parent }: Command) => {
    refuseUnknown(command, parent!);
    // Commander gives an option that both commands know to the parent, wherever it stands.
    const options = { ...command.opts<ReplayOptions>(), ...parent!.opts<ReplayOptions>() };
    return runAsked(name, options);
  });
}

/**
 * Commander gives an option that only the parent knows to the parent. Unrefused, such an option would be ignored.
 */
function refuseUnknown(command: Command, parent: Command): void {
  const known = new Set(command.options.map(({ long }) => long));
  const unknown = parent.options.find(
    (option) => !known.has(option.long) && parent.getOptionValueSource(option.attributeName()) !== undefined,
  );
  if (unknown) command.error(`error: unknown option '${unknown.long}'`, { code: 'commander.unknownOption' });
}

async function runReplay(options: ReplayOptions): Promise<void> {
  if (options.whatIf !== undefined) return runChanged(options.whatIf, options);
  if (options.dryRun) return runPlan(options);
  await goOn(options, { searchOnly: options.searchOnly ?? false, ...given(options) });
}

/** Options that were not given are absent: a replay that is resumed keeps its own values for them. */
function given({ verify, throttle, keep }: ReplayOptions): Partial<ReplayRequested> {
  return {
    ...(verify === undefined ? {} : { sample: sampleOf({ verify }) }),
    ...(throttle === undefined ? {} : { throttle: throttle || null }),
    ...(keep === undefined ? {} : { keep }),
  };
}

async function goOn(options: ReplayOptions, request: ReplayRequested): Promise<void> {
  comeAfterOthers();
  const connection = new Connection(options);
  const postgresUrl = await connection.address('postgresUrl');
  const eventStoreUrl = await connection.address('eventStoreUrl');
  const elasticsearch = await openElasticsearch(connection);
  const bars = new ReplayProgressBars();
  const { signal, forget } = abortOnInterruption(() => {
    bars.tell('stopping (press Ctrl-C again to stop at once)');
    return new CliError(
      'stopped: `orderctl replay resume` continues the replay, `orderctl replay cancel` ends it and drops what it has built',
    );
  });
  try {
    const replayed = await withEventStore(eventStoreUrl, (eventStore) =>
      replay({
        ...{ eventStore, postgresUrl, elasticsearch, request, signal },
        logger: createLogger('orderctl', 'silent'),
        onProgress: (progress) => bars.advance(progress),
        onNote: (line) => bars.tell(line),
      }),
    );
    bars.end();
    if (options.json) printJson(reportOf(replayed), { pretty: false });
    else printReplayed(replayed);
  } catch (error) {
    bars.end();
    throw inWords(error);
  } finally {
    forget();
    await elasticsearch?.close();
  }
}

function inWords(error: unknown): unknown {
  const expected = [CannotReplay, ReplayFailed, ReplayCancelled].some((known) => error instanceof known);
  return expected ? new CliError((error as Error).message, { cause: error }) : error;
}

async function runAsked(name: 'pause' | 'resume' | 'cancel', options: ReplayOptions): Promise<void> {
  const asked: ReplayAsked = name === 'resume' ? 'run' : name;
  const open = await withReplays(options, async (store) => {
    if (Object.keys(given(options)).length > 0 && (await store.open())?.isAttended)
      throw new CliError(
        'a process is working on the replay: stop it with Ctrl-C first, to resume with other options',
      );
    const open = await store.ask(asked);
    if (open === null || open.isAttended) return open;
    await delay(LOOK_AGAIN_MS);
    return store.byId(open.id);
  });
  if (open === null) throw new CliError('no replay is under way');
  if (open.endedAt !== null && (name !== 'cancel' || open.state !== 'cancelled'))
    throw new CliError(`the replay into generation ${open.generation} has ended meanwhile: ${open.state}`);
  if (name !== 'pause' && !open.isAttended && open.endedAt === null) return attend(name, open, options);
  if (options.json) return printJson(open, { pretty: false });
  const told = {
    pause: open.isAttended
      ? 'is being paused'
      : 'is not running: no process works on it. `orderctl replay resume` continues it',
    resume: 'goes on',
    cancel: 'is being cancelled, and what it has built is dropped',
  };
  console.log(`the replay into generation ${open.generation} ${told[name]}`);
}

/** Goes on with the replay in this process, because no other process works on it. */
async function attend(name: 'resume' | 'cancel', open: ReplayRecord, options: ReplayOptions): Promise<void> {
  try {
    await goOn(options, { searchOnly: open.searchOnly, ...given(options) });
  } catch (error) {
    if (name === 'resume' || !(error instanceof CliError && error.cause instanceof ReplayCancelled))
      throw error;
    if (options.json)
      return printJson(await withReplays(options, (store) => store.last()), { pretty: false });
    console.log(
      `the replay into generation ${open.generation} is cancelled, and what it had built is dropped`,
    );
  }
}

async function runPlan(options: ReplayOptions): Promise<void> {
  const connection = new Connection(options);
  const postgresUrl = await connection.address('postgresUrl');
  const eventStoreUrl = await connection.address('eventStoreUrl');
  const elasticsearch = await openElasticsearch(connection);
  const { searchOnly = false, keep = false } = options;
  try {
    const plan = await withPostgres(postgresUrl, 'orderctl replay', (pool) =>
      withEventStore(eventStoreUrl, (store) => planReplay(pool, store, elasticsearch, { searchOnly, keep })),
    );
    if (options.json) printJson(plan, { pretty: false });
    else printPlan(plan, { ...options, sample: sampleOf(options) });
  } finally {
    await elasticsearch?.close();
  }
}

async function runChanged(definition: string, options: ReplayOptions): Promise<void> {
  const { searchOnly, throttle, keep, dryRun } = options;
  const sample = sampleOf(options);
  if (searchOnly || keep || dryRun || throttle !== undefined || sample !== null)
    throw new UsageError('--what-if builds nothing: leave out the options of a replay');
  const connection = new Connection(options);
  const eventStoreUrl = await connection.address('eventStoreUrl');
  await withReadModels(await connection.address('postgresUrl'), (readModels) =>
    withEventStore(eventStoreUrl, (store) => runWhatIf(definition, readModels, store, options)),
  );
}

async function withReplays<T>(
  options: ConnectionOptions,
  work: (store: ReplaysStore) => Promise<T>,
): Promise<T> {
  const url = await new Connection(options).address('postgresUrl');
  return withPostgres(url, 'orderctl replay', (pool) => work(new ReplaysStore(pool)));
}

/** How many orders are verified; null: all of them. */
function sampleOf({ verify = 'full' }: Pick<ReplayOptions, 'verify'>): number | null {
  return verify === 'full' ? null : verify;
}

/** Never returns null: commander takes null for an option without a value. */
function parseVerify(text: string): 'full' | number {
  if (text === 'full') return 'full';
  const match = /^sample=(\d{1,9})$/.exec(text);
  if (!match || Number(match[1]) < 1)
    throw new InvalidArgumentError('full, or sample=N with N from 1 is needed');
  return Number(match[1]);
}
