import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { startOwnEngine, type OwnEngine } from '../support/own-engine.js';
import { repositoryRoot } from '../support/seeded-tree.js';
import { Reporter } from './reporter.js';
import { runRound } from './round.js';
import type { ChaosSystem } from './system/chaos-system.js';

interface Options {
  readonly minutes: string;
  readonly seed?: string;
  readonly round?: string;
  readonly roundSeconds: string;
  readonly engines?: boolean;
  readonly tree: string;
  readonly keep?: boolean;
}

const options = new Command('chaos')
  .description('run the whole system under a random workload and random faults, then check the result')
  .option('--minutes <n>', 'begin new rounds for so many minutes', '5')
  .option('--seed <seed>', 'seed of all rounds (default: a new one)')
  .option('--round <seed>', 'run only the round with this seed')
  .option('--round-seconds <n>', 'seconds of workload and faults in each round', '45')
  .option('--engines', 'use an Elasticsearch and a Kafka, started for this run, in every other round')
  .option('--tree <folder>', 'run the apps that are built in this folder', repositoryRoot)
  .option('--keep', 'also keep the folders of rounds that went well')
  .parse()
  .opts<Options>();

let system: ChaosSystem | null = null;
/** While a system starts, it cannot be ended yet. */
let starting = false;
let interrupted = false;
const engines: OwnEngine[] = [];
process.on('exit', () => system?.abandon());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted = true;
    if (!starting) leave();
  });
}

function leave(): void {
  system?.abandon();
  void Promise.allSettled(engines.map((engine) => engine.stop())).then(() => process.exit(130));
}

function started(one: ChaosSystem): void {
  system = one;
  starting = false;
  if (interrupted) leave();
}

const seed = options.seed ?? randomBytes(4).toString('hex');
const forMs = Number(options.roundSeconds) * 1_000;
const reporter = new Reporter({
  seed,
  engines: options.engines === true,
  roundSeconds: options.roundSeconds,
});
reporter.begin();
const deadlineMs = performance.now() + Number(options.minutes) * 60_000;
let failed = false;
try {
  const start = async (name: 'elasticsearch' | 'kafka') => {
    const engine = await startOwnEngine(name);
    engines.push(engine);
    return engine;
  };
  const own = options.engines
    ? { elasticsearch: await start('elasticsearch'), kafka: await start('kafka') }
    : null;
  const without = { elasticsearch: null, kafka: null };
  for (let number = 1; options.round === undefined || number === 1; number++) {
    const roundSeed = options.round ?? `${seed}.${number}`;
    const usesEngines = own !== null && Number(roundSeed.split('.').at(-1)) % 2 === 1;
    const folder = await mkdtemp(join(tmpdir(), 'orderlog-chaos-'));
    starting = true;
    const result = await reporter.round(roundSeed, folder, () =>
      runRound({
        ...{ seed: roundSeed, forMs, folder, tree: options.tree },
        ...(usesEngines ? own : without),
        onSystem: started,
      }),
    );
    system = null;
    failed ||= !result;
    if (result && !options.keep) await rm(folder, { recursive: true, force: true });
    if (performance.now() >= deadlineMs) break;
  }
} finally {
  await Promise.all(engines.map((engine) => engine.stop()));
}
reporter.end();
process.exit(failed ? 1 : 0);
