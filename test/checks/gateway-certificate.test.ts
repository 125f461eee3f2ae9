import { spawnSync } from 'node:child_process';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, readdir, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeWithTools } from '../support/gateway.js';
import { repositoryRoot } from '../support/seeded-tree.js';

const script = readFileSync(join(repositoryRoot, 'docker/gateway/certificate.sh'), 'utf8');
const NOBODY = 65_534;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-certificate-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

/** As the image runs it, before nginx. */
function start(given: { folder?: string; url?: string; uid?: number } = {}) {
  const env = {
    PATH: process.env['PATH'],
    GATEWAY_TLS_FOLDER: given.folder ?? folder,
    GATEWAY_URL: given.url ?? 'https://orders.example:8443',
  };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], {
    env,
    encoding: 'utf8',
    ...(given.uid === undefined ? {} : { uid: given.uid, gid: given.uid }),
  });
  return { status, stdout, stderr };
}

/** Refused in one line, which says this. */
const refused = (saying: RegExp) => ({
  status: 1,
  stdout: '',
  stderr: expect.stringMatching(new RegExp(`^gateway: [^\n]*${saying.source}[^\n]*\n$`)) as unknown,
});

describe('what is in the folder for the certificate', () => {
  it('stays, where it is a pair', async () => {
    await writeFile(at('tls.key'), 'the key');
    await writeFile(at('tls.crt'), 'the certificate');
    expect(start()).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await readFile(at('tls.key'), 'utf8')).toBe('the key');
    expect(await readFile(at('tls.crt'), 'utf8')).toBe('the certificate');
  });

  it.each([
    ['tls.key', 'tls.crt'],
    ['tls.crt', 'tls.key'],
  ])('stays, where it is %s alone, and the line names what is missing', async (present, missing) => {
    await writeFile(at(present), 'from the operator');
    expect(start()).toEqual(refused(new RegExp(`/${missing} is missing or empty beside ${present}: `)));
    expect(await readdir(folder)).toEqual([present]);
    await writeFile(at(missing), '');
    expect(start()).toEqual(refused(new RegExp(`/${missing} is missing or empty beside ${present}: `)));
    expect(await readFile(at(present), 'utf8')).toBe('from the operator');
    expect(await readFile(at(missing), 'utf8')).toBe('');
  });

  it('stays, where it is a link to a place that is not there', async () => {
    await symlink(at('not-mounted'), at('tls.key'));
    await symlink(at('not-mounted'), at('tls.crt'));
    expect(start()).toEqual(refused(/\/tls\.crt is no file that user \d+ can read/));
    expect(await readlink(at('tls.key'))).toBe(at('not-mounted'));
    expect((await readdir(folder)).sort()).toEqual(['tls.crt', 'tls.key']);
  });

  it('has to be readable for the user of nginx', async () => {
    await chmod(folder, 0o711);
    await writeFile(at('tls.crt'), 'the certificate');
    await writeFile(at('tls.key'), 'the key');
    await chmod(at('tls.crt'), 0o644);
    await chmod(at('tls.key'), 0o000);
    // root can read everything
    const other = process.getuid!() === 0 ? { uid: NOBODY } : {};
    expect(start(other)).toEqual(refused(/\/tls\.key is no file that user \d+ can read/));
  });
});

describeWithTools(['openssl'], 'a certificate of its own', () => {
  it.each([
    ['is no file', [] as string[]],
    ['are empty files, which an earlier start may have left', ['tls.crt', 'tls.key']],
  ])('is made where there %s', async (_what, empty) => {
    for (const name of empty) await writeFile(at(name), '');
    expect(start()).toEqual({
      status: 0,
      stdout: 'gateway: made a self-signed certificate for orders.example\n',
      stderr: '',
    });
    expect((await readdir(folder)).sort()).toEqual(['tls.crt', 'tls.key']);
    const certificate = new X509Certificate(await readFile(at('tls.crt')));
    expect(certificate.checkHost('orders.example')).toBe('orders.example');
    expect(certificate.checkPrivateKey(createPrivateKey(await readFile(at('tls.key'))))).toBe(true);
    expect((await stat(at('tls.key'))).mode & 0o077).toBe(0);
    const made = await readFile(at('tls.key'), 'utf8');
    expect(start()).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await readFile(at('tls.key'), 'utf8')).toBe(made);
  });

  it('that cannot be made leaves nothing behind, and a line with the reason', async () => {
    expect(start({ folder: at('none') })).toEqual(
      refused(/no certificate can be made in \S+\/none: .*No such file or directory/),
    );
    // The name in a certificate has 64 letters at most.
    const url = `https://${'orders.'.repeat(10)}example`;
    expect(start({ url })).toEqual(refused(/no certificate for orders\S+example can be made in \S+: .*CN=/));
    expect(await readdir(folder)).toEqual([]);
  });
});
