import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineFailure } from './failure.mjs';

// Other users may enter the folder, because an engine that refuses to run as root runs as another user.
const PASS_THROUGH = 0o711;

/** Folder outside the repository, one for each user. It holds the downloads and what the running engines store. */
export function engineHome() {
  const uid = process.getuid?.();
  const home = openFolder(join(tmpdir(), `orderlog-engines-${uid ?? 'user'}`));
  if (uid !== undefined && statSync(home).uid !== uid) {
    throw new EngineFailure(`${home} belongs to another user; set TMPDIR to a folder of your own`);
  }
  return home;
}

/** Makes the folder where it is missing, and returns its path. */
export function openFolder(path) {
  mkdirSync(path, { recursive: true });
  chmodSync(path, PASS_THROUGH);
  return path;
}
