import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { containers, dockerAnswers } from './containers.mjs';
import { elasticsearch } from './elasticsearch.mjs';
import { EngineFailure } from './failure.mjs';
import { engineHome, openFolder } from './folders.mjs';
import { kafka } from './kafka.mjs';
import { localProcesses } from './local-process.mjs';
import { exclusively } from './lock.mjs';
import { redis } from './redis.mjs';
import { forget, freePorts, readState, writeState } from './state.mjs';

const READY_LIMIT_MS = 180_000;
const LOG_LINES = 60;

/** By the names that the command line accepts. */
export const engines = { elasticsearch, kafka, redis };

const runners = { [localProcesses.name]: localProcesses, [containers.name]: containers };

/**
 * The folder in which the engine runs: under the given folder, otherwise under one that all checkouts of this user
 * share.
 */
export function folderOf(engine, given) {
  const parent = given === undefined ? join(engineHome(), 'running') : resolve(given);
  return join(openFolder(parent), engine.name);
}

/** Starts the engine unless it runs, and waits until it answers. After a kill, it goes on with its data. */
export function up(engine, folder) {
  return oneAtATime(engine, folder, () => start(engine, folder));
}

async function start(engine, folder) {
  openFolder(folder);
  const before = readState(folder);
  const runner = before ? runners[before.runner] : runnerFor(engine);
  const ports = before?.ports ?? (await freePorts(engine.ports));
  if (before && runner.isRunning(engine, before)) {
    await waitUntilReady(engine, runner, { folder, state: before });
    return { ports, started: false };
  }
  const identity = await runner.start(engine, { home: engineHome(), folder, ports });
  const state = { runner: runner.name, version: engine.version, ports, ...identity };
  writeState(folder, state);
  await waitUntilReady(engine, runner, { folder, state });
  return { ports, started: true };
}

/**
 * Two starts at once would leave one engine that no state file names. The lock is beside the folder, because
 * `down` removes the folder.
 */
function oneAtATime(engine, folder, work) {
  return exclusively(`${folder}.lock`, work, (pid) =>
    console.error(`${engine.name}: waiting for process ${pid}, which starts or ends it`),
  );
}

/** An engine with settings of a caller runs as a process: a container would not get these settings. */
function runnerFor(engine) {
  return !engine.alwaysProcess && dockerAnswers() ? containers : localProcesses;
}

/** Ends the engine and removes what it stored. Its last log stays in the user's folder. */
export function down(engine, folder) {
  return oneAtATime(engine, folder, () => end(engine, folder));
}

async function end(engine, folder) {
  const state = readState(folder);
  if (state) {
    const log = runners[state.runner].log(engine, { folder, state });
    await runners[state.runner].stop(engine, state);
    writeFileSync(join(openFolder(join(engineHome(), 'logs')), `${engine.name}.log`), log);
  }
  forget(folder);
  return state !== null;
}

/** Ends the engine without a chance to tidy up (SIGKILL). Its data and ports stay for the next `up`. */
export async function kill(engine, folder) {
  const state = readState(folder);
  if (!state) throw new EngineFailure(`${engine.name} does not run in ${folder}`);
  await runners[state.runner].kill(engine, state);
}

/** The variable to set so that the tests use the engine at these ports. */
export function environmentLine(engine, ports) {
  return `${engine.variable}=${engine.address(ports)}`;
}

/** One line that tells where the engine runs, or that it does not. */
export function status(engine, folder) {
  const state = readState(folder);
  if (!state || !runners[state.runner].isRunning(engine, state)) return `${engine.name}: not running`;
  const where = runners[state.runner].whereIs(state, folder);
  return `${engine.name} ${state.version}: ${environmentLine(engine, state.ports)} (${where})`;
}

async function waitUntilReady(engine, runner, { folder, state }) {
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const running = runner.isRunning(engine, state);
    if (running && (await engine.isReady(state.ports).catch(() => false))) return;
    if (running && performance.now() < deadline) {
      await delay(100);
      continue;
    }
    const why = running ? `did not answer within ${READY_LIMIT_MS / 1_000} s` : 'ended before it answered';
    const log = runner.log(engine, { folder, state }).trimEnd().split('\n').slice(-LOG_LINES).join('\n');
    await runner.stop(engine, state);
    throw new EngineFailure(`${engine.name} ${why}. The end of its log:\n${log}`);
  }
}
