import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// npm links the bins of dependencies, but not the package's own. Where links are not allowed, npx finds it anyway.
const link = fileURLToPath(new URL('../node_modules/.bin/orderctl', import.meta.url));
if (process.platform !== 'win32') {
  mkdirSync(fileURLToPath(new URL('../node_modules/.bin', import.meta.url)), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../../apps/orderctl/bin/orderctl.js', link);
}
