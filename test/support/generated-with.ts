import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { brokenTree, type Change } from '../chaos/seeded-bugs/broken-tree.js';
import { finished, repositoryRoot } from './seeded-tree.js';

/** What generators read besides what is built. */
const READ = ['scripts', 'libs/event-store/golden', 'libs/read-models/golden'];

/**
 * A checked-in file as `npm run generate` would make it, had the code been changed so.
 * @param generator of scripts/generated, and the function in it
 */
export async function generatedWith(
  generator: readonly [file: string, name: string],
  changes: readonly Change[],
): Promise<string> {
  const [file, name] = generator;
  const tree = await brokenTree(changes);
  try {
    for (const part of READ)
      await cp(join(repositoryRoot, part), join(tree.folder, part), { recursive: true });
    const generate = `import { ${name} } from './scripts/generated/${file}';
      process.stdout.write(await ${name}());`;
    const run = ['--input-type=module', '-e', generate];
    const { code, stdout, stderr } = await finished(process.execPath, run, tree.folder);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  } finally {
    await tree.remove();
  }
}
