import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startOf } from './process-start.mjs';

const LOOK_AGAIN_MS = 20;

/**
 * Runs `work` while it holds the lock file, which names its holder. A lock whose holder has ended does not count.
 */
export async function exclusively(path, work, onWait = () => {}) {
  await take(path, onWait);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function take(path, onWait) {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }));
  let waitsFor = null;
  try {
    while (!linked(draft, path)) {
      const pid = holderOf(path);
      if (pid === null) await removeStale(path);
      else {
        if (pid !== waitsFor) onWait(pid);
        waitsFor = pid;
        await delay(LOOK_AGAIN_MS);
      }
    }
  } finally {
    rmSync(draft);
  }
}

/**
 * Under a lock of its own: between the look and the removal, another process could remove the stale lock and make
 * its own.
 */
function removeStale(path) {
  return exclusively(`${path}.stale`, () => {
    if (holderOf(path) === null) rmSync(path, { force: true });
  });
}

/** A link appears with its content complete, and only one process can make it. */
function linked(draft, path) {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Id of the process that holds the lock; null when it has ended or released the lock. */
function holderOf(path) {
  try {
    const { pid, startedAt } = JSON.parse(readFileSync(path, 'utf8'));
    return startedAt !== null && startOf(pid) === startedAt ? pid : null;
  } catch (error) {
    if (error instanceof SyntaxError || error.code === 'ENOENT') return null;
    throw error;
  }
}
