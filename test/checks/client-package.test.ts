import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import ts from 'typescript';
import { finished, repositoryRoot } from '../support/seeded-tree.js';

// npm and the compiler are processes of their own, on a machine that may be busy.
jest.setTimeout(120_000);

const client = join(repositoryRoot, 'libs/client');

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;

/** Packs the client as npm would publish it, and installs that in an empty folder, without a network. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-client-package-'));
  const pack = await finished('npm', ['pack', '--json', '--pack-destination', folder], client);
  if (pack.code !== 0) throw new Error(pack.stderr);
  [packed] = JSON.parse(pack.stdout.slice(pack.stdout.indexOf('['))) as [Packed];
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  const install = await finished('npm', ['install', '--offline', `./${packed.filename}`], folder);
  if (install.code !== 0) throw new Error(install.stderr);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function compiled(files: Readonly<Record<string, string>>): Promise<string> {
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    types: ['node'],
    typeRoots: [join(repositoryRoot, 'node_modules/@types')],
    strict: true,
    noEmit: true,
  };
  const place = join(folder, 'sources');
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(place, name), text);
  const { stdout } = await finished(join(repositoryRoot, 'node_modules/.bin/tsc'), ['-p', place], folder);
  await rm(place, { recursive: true });
  return stdout;
}

describe('the package of the client', () => {
  it('holds what is needed to use it, and nothing else of the repository', async () => {
    const paths = packed.files.map(({ path }) => path).sort();
    const beside = paths.filter((path) => !path.startsWith('dist/'));
    expect(beside).toEqual(['LICENSE', 'README.md', 'package.json']);
    expect(await readFile(join(client, 'LICENSE'), 'utf8')).toBe(
      await readFile(join(repositoryRoot, 'LICENSE'), 'utf8'),
    );
    const sources = (await readdir(join(client, 'src'), { recursive: true })).filter((name) =>
      /(?<!\.spec)\.ts$/.test(name),
    );
    const built = sources.flatMap((name) =>
      ['.d.ts', '.js'].map((end) => `dist/${name.replace(/\.ts$/, end)}`),
    );
    expect(paths.filter((path) => path.startsWith('dist/'))).toEqual(built.sort());
  });

  it('depends on nothing, and imports only itself', async () => {
    const installed = join(folder, 'node_modules/orderlog-client');
    const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as object;
    expect(Object.keys(manifest)).not.toContain('dependencies');
    expect(await readdir(join(folder, 'node_modules'))).toEqual(['.package-lock.json', 'orderlog-client']);
    for (const { path } of packed.files.filter((one) => /\.(js|d\.ts)$/.test(one.path))) {
      const text = await readFile(join(installed, path), 'utf8');
      const imported = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
      expect(imported.filter((name) => !name.startsWith('./') && !name.startsWith('../'))).toEqual([]);
    }
  });

  it('works where it is installed', async () => {
    const script = `
      import { once } from 'node:events';
      import { createServer } from 'node:http';
      import { createClient, Session } from 'orderlog-client';
      const refuse = (_, response) => response.writeHead(409).end('{"code":"order_on_hold"}');
      const server = createServer(refuse).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const client = createClient({ commandUrl: 'http://127.0.0.1:' + server.address().port, token: 'T' });
      const failed = await client.confirmOrder({ orderId: 'o' }).catch((error) => error);
      console.log(failed.name, failed.code, failed.outcome, client.session instanceof Session);
      server.close();
    `;
    const { stdout, stderr } = await finished('node', ['--input-type=module', '-e', script], folder);
    expect([stdout, stderr]).toEqual(['Problem order_on_hold nothing true\n', '']);
  });

  it('has types that know what the APIs take and answer', async () => {
    const types = `
      import { createClient, type Item, type Output, type Problem } from 'orderlog-client';
      const client = createClient({ queryUrl: 'http://q', token: async () => 'T' });
      const order: Output<'getOrder'> = await client.getOrder({ orderId: 'o' });
      const units: number = order.lines.reduce((sum, { quantity }) => sum + quantity, 0);
      const email: string | null = order.personal === 'erased' ? null : (order.personal.contact?.email ?? null);
      for await (const event of client.items('listEvents', { types: ['OrderPlaced'] })) {
        const one: Item<'listEvents'> = event;
        void one.position.length;
      }
      await client.listOrders();
      const { events } = await client.placeOrder({ currency: 'EUR', lines: [{ sku: 'A', name: 'A', quantity: 1, unitPriceMinor: 1 }] });
      void [units, email, events[0]!.ids];
      // @ts-expect-error a line needs a price
      await client.placeOrder({ currency: 'EUR', lines: [{ sku: 'A', name: 'A', quantity: 1 }] });
      // @ts-expect-error no such status
      await client.listOrders({ status: ['lost'] });
      // @ts-expect-error it needs an order
      await client.confirmOrder();
      // @ts-expect-error it has no pages
      client.items('getOrder', { orderId: 'o' });
      export const isHeld = ({ code }: Problem) => code === 'order_on_hold';
      // @ts-expect-error no such code
      export const isLost = ({ code }: Problem) => code === 'order_lost';
    `;
    expect(await compiled({ 'types.ts': types })).toBe('');
  });

  it('does what its README shows', async () => {
    const readme = await readFile(join(client, 'README.md'), 'utf8');
    const fences = [...readme.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, text]) => text!);
    expect(fences.length).toBeGreaterThan(3);
    const given =
      "import type { OrderlogClient } from 'orderlog-client';\ndeclare const orderlog: OrderlogClient;\n" +
      'declare const orderId: string;\ndeclare const after: string;\nexport {};\n';
    const files = fences.map((text, index) => {
      // The first one makes the client that the others use, and types want a token to be there.
      const whole = text.includes('createClient(') ? text.replace('process.env.TOKEN', "'T'") : given + text;
      return [`fence-${index}.ts`, whole] as const;
    });
    expect(await compiled(Object.fromEntries(files))).toBe('');
  });
});
