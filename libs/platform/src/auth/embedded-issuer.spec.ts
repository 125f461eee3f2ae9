import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

it('publishes the public keys once, for every user, and keeps the private one to itself', async () => {
  await openEmbeddedIssuer(folder);
  const [published, secret] = [join(folder, 'jwks.json'), join(folder, 'token-key.json')];
  const before = await stat(published);
  expect([before.mode & 0o777, (await stat(secret)).mode & 0o777]).toEqual([0o644, 0o600]);
  await chmod(published, 0o600); // as releases before did
  await openEmbeddedIssuer(folder);
  expect((await stat(published)).mode & 0o777).toBe(0o644);
  // A new file would belong to whoever made a token last.
  expect((await stat(published)).ino).toBe(before.ino);
  await writeFile(published, '{}');
  await openEmbeddedIssuer(folder);
  expect(JSON.parse(await readFile(published, 'utf8'))).toMatchObject({ keys: [{ kty: 'EC' }] });
});
