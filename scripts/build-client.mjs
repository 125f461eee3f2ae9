/**
 * Builds the package in libs/client with its types, unless nothing has changed since the last build. The examples
 * import the package by its name, as other projects do. The script also runs before the package is packed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const client = fileURLToPath(new URL('../libs/client/', import.meta.url));
const built = `${client}dist/orderlog-client.js`;
const made = [
  `${client}tsconfig.json`,
  ...readdirSync(`${client}src`, { recursive: true }).map((path) => `${client}src/${path}`),
];
const newestMs = Math.max(...made.map((path) => statSync(path).mtimeMs));

if (!existsSync(built) || statSync(built).mtimeMs < newestMs) {
  rmSync(`${client}dist`, { recursive: true, force: true });
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '--project', client], { stdio: 'inherit' });
  utimesSync(built, new Date(), new Date());
}
