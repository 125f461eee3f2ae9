import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

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
  const servers = await Promise.all(names.map(listenAnywhere));
  const ports = names.map((name, index) => [name, servers[index].address().port]);
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return Object.fromEntries(ports);
}

function listenAnywhere() {
  const server = createServer();
  return new Promise((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => listening(server));
  });
}
