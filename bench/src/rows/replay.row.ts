import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import type { EventStore } from '#event-store/port.js';
import { activeGeneration } from '#read-models/generations/generation.js';
import { ReplaysStore, type ReplayRecord } from '#read-models/stores/replays.store.js';
import { importFile } from '../imported-file.js';
import { latencies, NO_FIGURES, type Row } from '../measure.js';
import { untilPositionVisible } from '../settle.js';
import { SteadyQuestions, type Phase } from '../steady-questions.js';
import { ORDERCTL, type System } from '../system.js';

/** How long the usual load is measured, before and after the replay. */
const USUAL_MS = 30_000;
const LOOK_EVERY_MS = 50;
/** The p99 is at most twice the usual one. */
const TARGET_RATIO = 0.5;
const ORDERS_ASKED_FOR = 1_000;

/**
 * Replays the read models of a whole shop, with full verification and the flip, while questions are asked and
 * orders placed. The replay is killed twice (SIGKILL) and resumed; then the flip is rolled back and repeated.
 * Where orders are searched in an index, the index alone is replayed too. The row fails when a question fails, or
 * when an answer is older than an earlier one.
 */
export async function replay(
  system: System,
  store: EventStore,
  file: string | null,
): Promise<readonly Row[]> {
  await importFile(system, file);
  await untilPositionVisible(system, store);
  const db = new pg.Client({ connectionString: system.postgresUrl });
  await db.connect();
  const questions = new SteadyQuestions(system, await someOrders(db));
  try {
    const before = await usual(questions);
    const meanwhile = questions.begin();
    const startedMs = performance.now();
    const record = await replayWithKills(system, new ReplaysStore(db));
    const seconds = (performance.now() - startedMs) / 1_000;
    const flipping = questions.begin();
    await succeeds(orderctl(system, ['generations', 'rollback']));
    await succeeds(orderctl(system, ['generations', 'activate', String(record.generation)]));
    const searchOnly = system.usesIndex ? questions.begin() : null;
    if (searchOnly) await succeeds(orderctl(system, ['replay', '--search-only', '--verify', 'full']));
    const after = await usual(questions);
    await questions.stop();
    const name = system.usesIndex ? 'replay-index' : 'replay';
    const asked = new Map([
      ['questions', meanwhile],
      ['rolled back', flipping],
      ...(searchOnly ? [['search only', searchOnly] as const] : []),
      ['afterwards', after],
    ]);
    [before, ...asked.values()].forEach(requireGood);
    return [
      { ...NO_FIGURES, name: `${name}, events/s`, perSecond: record.events / seconds },
      ...[...asked].map(([when, phase]) => rowOf(`${name}, ${when}`, phase, before)),
    ];
  } finally {
    await questions.stop();
    await db.end();
  }
}

/** The replay is killed once while it loads and once while it verifies. */
async function replayWithKills(system: System, replays: ReplaysStore): Promise<ReplayRecord> {
  const loads = ({ phase, done }: ReplayRecord) => phase === 'loading' && done > 0;
  const verifies = ({ phase, done }: ReplayRecord) => phase === 'verifying' && done > 0;
  await killedOnce(orderctl(system, ['replay', '--verify', 'full']), replays, loads);
  await killedOnce(orderctl(system, ['replay', 'resume']), replays, verifies);
  await succeeds(orderctl(system, ['replay', 'resume']));
  return (await replays.last())!;
}

async function killedOnce(
  child: ChildProcess,
  replays: ReplaysStore,
  when: (record: ReplayRecord) => boolean,
): Promise<void> {
  const ended = once(child, 'exit');
  for (;;) {
    const record = await replays.last();
    if (child.exitCode !== null)
      throw new Error(`the replay ended with ${child.exitCode} before it was killed`);
    if (record?.endedAt === null && when(record)) break;
    await new Promise((look) => setTimeout(look, LOOK_EVERY_MS));
  }
  child.kill('SIGKILL');
  await ended;
}

function orderctl({ dataDir }: System, words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [ORDERCTL, ...words, '--data', dataDir], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function succeeds(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.slice(2).join(' ')} ended with ${code}`);
}

async function usual(questions: SteadyQuestions): Promise<Phase> {
  const phase = questions.begin();
  await new Promise((over) => setTimeout(over, USUAL_MS));
  return phase;
}

function requireGood({ failures, backwards }: Phase): void {
  const bad = [...failures, ...backwards];
  if (bad.length > 0) throw new Error(`${bad.length} questions went wrong: ${bad.slice(0, 5).join('; ')}`);
}

async function someOrders(db: pg.Client): Promise<string[]> {
  const { schema } = (await activeGeneration(db))!;
  const { rows } = await db.query<{ order_id: string }>(
    `SELECT order_id FROM ${schema}.orders ORDER BY order_id LIMIT $1`,
    [ORDERS_ASKED_FOR],
  );
  return rows.map(({ order_id }) => order_id);
}

function rowOf(name: string, phase: Phase, before: Phase): Row {
  return {
    ...NO_FIGURES,
    ...latencies(phase.latenciesMs),
    ...{ name, ratio: before.p99Ms / phase.p99Ms, target: TARGET_RATIO },
  };
}
