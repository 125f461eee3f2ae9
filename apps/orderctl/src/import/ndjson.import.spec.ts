import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type Transport } from '#client/orderlog-client.js';
import { importNdjson } from './ndjson.import.js';

const { stderr } = process;
let told: string;
let folder: string;
let file: string;
let rejectsPath: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orderlog-import-'));
  file = join(folder, 'orders.ndjson');
  rejectsPath = join(folder, 'rejects', 'rejects.csv');
  await writeFile(file, JSON.stringify({ key: 'one', commands: [{ do: 'place' }] }));
  told = '';
  jest.spyOn(stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true });
});

type Call = Parameters<Transport>[0];

/** Imports the file with the help of services that answer each request so. */
function importWith(answer: (call: Call) => Promise<{ status: number; body: object }>) {
  const transport: Transport = async (call) => {
    const { status, body } = await answer(call);
    const stream = () => {
      throw new Error('nothing is streamed here');
    };
    return { status, header: () => null, text: async () => JSON.stringify(body), stream };
  };
  const urls = { commandUrl: 'http://command', queryUrl: 'http://query' };
  const client = createClient({ ...urls, token: 'any', transport });
  return importNdjson([file], { client, concurrency: 1, rejectsPath, showProgress: () => undefined });
}

const problem = (status: number, code: string) => ({
  status,
  body: { type: `urn:orderlog:problem:${code}`, status, code, title: 'No', detail: 'It says why.' },
});
const removeRejects = () => rm(join(folder, 'rejects'), { recursive: true });

describe('the list of rejects', () => {
  it('that cannot be written ends an import before it sends anything', async () => {
    let sent = 0;
    const answer = async () => {
      sent++;
      return problem(400, 'validation_failed');
    };
    await expect(importWith(answer)).rejects.toThrow(`cannot write the rejects to ${rejectsPath}: ENOENT`);
    expect(sent).toBe(0);
  });

  it('is of this import from the start', async () => {
    await mkdir(join(folder, 'rejects'));
    await writeFile(rejectsPath, 'of the import before');
    let seen = '';
    const answer = async ({ method }: Call) => {
      if (method === 'GET') return { status: 200, body: { items: [], nextCursor: null } };
      seen = await readFile(rejectsPath, 'utf8');
      return problem(400, 'validation_failed');
    };
    expect(await importWith(answer)).toMatchObject({ rejected: { validation_failed: 1 } });
    expect(seen).toBe('file,line,reason\n');
    expect(await readFile(rejectsPath, 'utf8')).toBe(`file,line,reason\n${file},1,validation_failed\n`);
  });

  it('that cannot be written any more does not hide why the import failed', async () => {
    await mkdir(join(folder, 'rejects'));
    const answer = async () => {
      await removeRejects();
      return problem(401, 'token_expired');
    };
    await expect(importWith(answer)).rejects.toThrow('one: place: 401 token_expired: It says why');
    expect(told).toContain(`cannot write the rejects to ${rejectsPath}: ENOENT`);
  });

  it('is written although Ctrl-C ends the wait for the read models', async () => {
    await mkdir(join(folder, 'rejects'));
    const answer = async ({ method, signal }: Call) => {
      if (method !== 'GET') return problem(400, 'validation_failed');
      const ended = new Promise<never>((_, fail) => {
        signal.addEventListener('abort', () => fail(signal.reason as Error));
      });
      process.emit('SIGINT');
      return ended;
    };
    await expect(importWith(answer)).rejects.toThrow(
      'stopped: all commands were sent, but the read models may not show everything yet',
    );
    expect(told).toContain('stopping after all commands were sent');
    expect(await readFile(rejectsPath, 'utf8')).toBe(`file,line,reason\n${file},1,validation_failed\n`);
  });
});
