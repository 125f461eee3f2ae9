import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openEmbeddedIssuer } from './embedded-issuer.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-issuer-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it.each(['{', '', 'null', '[]', '{"kty":"EC"}'])(
  'names a key file that is damaged, says what to do, and leaves the published keys: %s',
  async (content) => {
    await openEmbeddedIssuer(folder);
    const published = await readFile(join(folder, 'jwks.json'), 'utf8');
    const path = join(folder, 'token-key.json');
    await writeFile(path, content);
    await expect(openEmbeddedIssuer(folder)).rejects.toThrow(
      `${path} is damaged: put back a copy of it, or remove it. Without it a new key is made, and tokens of the old one are refused`,
    );
    expect(await readFile(join(folder, 'jwks.json'), 'utf8')).toBe(published);
  },
);

it('names a key file that holds a public key only', async () => {
  await openEmbeddedIssuer(folder);
  const { keys } = JSON.parse(await readFile(join(folder, 'jwks.json'), 'utf8')) as { keys: object[] };
  await writeFile(join(folder, 'token-key.json'), JSON.stringify(keys[0]));
  await expect(openEmbeddedIssuer(folder)).rejects.toThrow(/token-key\.json is damaged/);
});
