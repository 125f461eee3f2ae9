/**
 * Removes files from dist/ whose source is gone. The folder is not emptied before a build: a system that runs from
 * it goes on during the build and can start its processes again.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

for (const path of readdirSync(`${root}dist`, { recursive: true })) {
  const source = path.replace(/\.js(\.map)?$/, '.ts');
  const isSpec = /\.spec\.js(\.map)?$/.test(path);
  if (isSpec || !existsSync(root + source)) rmSync(`${root}dist/${path}`, { recursive: true, force: true });
}
