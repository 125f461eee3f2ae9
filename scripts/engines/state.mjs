import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.mjs';

const fileIn = (folder) => join(folder, 'engine.json');

/** What is known of the engine in this folder: its ports, and its process or container; null: nothing. */
export function readState(folder) {
  try {
    return JSON.parse(readFileSync(fileIn(folder), 'utf8'));
  } catch {
    return null;
  }
}

export function writeState(folder, state) {
  writeFileSync(fileIn(folder), `${JSON.stringify(state, null, 2)}\n`);
}

export function forget(folder) {
  rmSync(folder, { recursive: true, force: true });
}

/** One free port of this machine for each name. */
export async function freePorts(names) {
  const ports = await Promise.all(names.map(async (name) => [name, await freePort()]));
  return Object.fromEntries(ports);
}
