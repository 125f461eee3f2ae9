import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { clientSystem } from '../../support/client-system.js';
import { finished, repositoryRoot } from '../../support/seeded-tree.js';

const its = clientSystem();

it('the ten lines of the README place an order and read it back', async () => {
  const readme = await readFile(join(repositoryRoot, 'README.md'), 'utf8');
  const [, text] = /^```js\n([\s\S]*?)^```/m.exec(readme)!;
  const lines = text!
    .trim()
    .split('\n')
    .filter((line) => line !== '');
  expect(lines.length).toBeLessThanOrEqual(10);
  const { commandApi, queryApi, token } = its.system;
  const code = text!.replace('127.0.0.1:3000', commandApi).replace('127.0.0.1:3001', queryApi);
  const env = { ...process.env, TOKEN: token };
  const run = await finished('node', ['--input-type=module', '-e', code], repositoryRoot, env);
  expect([run.code, run.stderr]).toEqual([0, '']);
  const { items } = await its.client().listOrders();
  expect(run.stdout).toBe(`${items[0]!.number} 900 GBP\n`);
});
