import { afterAll, beforeAll } from '@jest/globals';
import { brokenTree, type BrokenTree, type Change } from '../chaos/seeded-bugs/broken-tree.js';
import { finished } from './seeded-tree.js';

const LIMIT_MS = 60_000;
/** What generators read besides the built files. */
const READ = ['scripts', 'libs/event-store/golden', 'libs/read-models/golden'];

/**
 * For the tests of a file: makes a checked-in file as `npm run generate` would after some changes to the code.
 * @param file in scripts/generated
 * @param name of the function in that file
 */
export function generator(file: string, name: string): (changes: readonly Change[]) => Promise<string> {
  let tree: BrokenTree;
  beforeAll(async () => {
    tree = await brokenTree({ copied: READ });
  }, LIMIT_MS);
  afterAll(() => tree.remove());
  const generate = `import { ${name} } from './scripts/generated/${file}';
    process.stdout.write(await ${name}());`;
  return async (changes) => {
    await tree.change(changes);
    const run = ['--input-type=module', '-e', generate];
    const { code, stdout, stderr } = await finished(process.execPath, run, tree.folder);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
}
