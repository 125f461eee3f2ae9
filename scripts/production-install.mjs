// What docker/Dockerfile installs, without Docker: each app's entry point must find all it imports in the
// production dependencies alone. Without configuration an app says which variable is missing, and ends.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dockerfile = readFileSync(join(root, 'docker/Dockerfile'), 'utf8');
const production = dockerfile.slice(dockerfile.indexOf('AS production'));
const install = /^RUN (npm ci [^&\n]*)/m.exec(production)?.[1]?.trim();
if (!install) throw new Error('docker/Dockerfile has no `RUN npm ci …` in its production stage');
const entries = [...dockerfile.matchAll(/^CMD \["node", "(dist\/[^"]+)"\]/gm)].map(([, entry]) => entry);
if (entries.length === 0) throw new Error('docker/Dockerfile starts no app');

const folder = mkdtempSync(join(tmpdir(), 'orderlog-production-'));
try {
  for (const name of ['package.json', 'package-lock.json', '.npmrc', 'dist']) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  execFileSync('npm', install.split(' ').slice(1), { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('ORDERLOG_'));
  for (const entry of entries) {
    const options = { cwd: folder, env: Object.fromEntries(environment), encoding: 'utf8' };
    const { status, stderr } = spawnSync(process.execPath, [entry], options);
    if (status !== 1 || !/ORDERLOG_\w+ is not set/.test(stderr)) {
      throw new Error(`${entry} ended with ${status}: ${stderr}`);
    }
    console.log(`${entry} starts with production dependencies alone`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
