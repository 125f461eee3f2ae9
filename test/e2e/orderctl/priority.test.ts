import { execFile } from 'node:child_process';
import { constants, getPriority } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../support/seeded-tree.js';

const run = promisify(execFile);
const file = pathToFileURL(join(repositoryRoot, 'dist/apps/orderctl/src/support/priority.js')).href;
const WORK = `import { getPriority } from 'node:os';
import { comeAfterOthers } from '${file}';
comeAfterOthers();
console.log(getPriority());`;

describe('work that comes after others', () => {
  const below = constants.priority.PRIORITY_BELOW_NORMAL;
  const last = constants.priority.PRIORITY_LOW;

  it.each([
    // The tests may have been started among the last themselves, and nothing goes up from there.
    ['started as any other', 0, Math.max(getPriority(), below)],
    ['started as the last of all', last, last],
  ])('gives way to other processes where it was %s', async (_how, niceness, expected) => {
    const child = [process.execPath, '--input-type=module', '--eval', WORK];
    const { stdout } = await run('nice', ['-n', String(niceness), ...child]);
    expect(Number(stdout)).toBe(expected);
  });
});
