import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineFailure } from './failure.mjs';
import { startOf } from './process-start.mjs';

const NOBODY = 65_534;
const STOP_LIMIT_MS = 20_000;

const logIn = (folder) => join(folder, 'engine.log');

/**
 * Runs engines as processes on this machine. Each engine has a process group, together with the processes that it
 * starts.
 */
export const localProcesses = {
  name: 'process',

  async start(engine, { home, folder, ports }) {
    const prepared = engine.prepare({ home, folder, ports });
    const { file, args, environment } = engine.command(prepared, { folder, ports });
    const asNobody = engine.refusesRoot && process.getuid?.() === 0;
    if (asNobody) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
    const log = openSync(logIn(folder), 'a');
    const child = spawn(file, args, {
      cwd: folder,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...environment },
      ...(asNobody ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    closeSync(log);
    await new Promise((started, failed) => {
      child.once('spawn', started);
      child.once('error', (error) =>
        failed(new EngineFailure(`${file} could not be started (${error.code}); is it installed?`)),
      );
    });
    child.unref();
    return { pid: child.pid, startedAt: startOf(child.pid) };
  },

  // A process with the same id but another start time is not the engine.
  isRunning: (_engine, { pid, startedAt }) => startedAt !== null && startOf(pid) === startedAt,

  async stop(engine, state) {
    if (!this.isRunning(engine, state)) return;
    process.kill(-state.pid, 'SIGTERM');
    const deadline = performance.now() + STOP_LIMIT_MS;
    while (this.isRunning(engine, state) && performance.now() < deadline) await delay(50);
    killGroup(state.pid);
  },

  async kill(engine, state) {
    if (!this.isRunning(engine, state)) return;
    killGroup(state.pid);
    while (this.isRunning(engine, state)) await delay(10);
  },

  log: (_engine, { folder }) => (existsSync(logIn(folder)) ? readFileSync(logIn(folder), 'utf8') : ''),

  whereIs: ({ pid }, folder) => `process ${pid}, log ${logIn(folder)}`,
};

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
