import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataFolder } from '../system/data-folder.js';
import { Connection, issueToken } from './connection.js';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'orderlog-connection-'));
});
afterAll(() => rm(data, { recursive: true }));

it('names only options that a command has where there is no key to make a token with', async () => {
  const request = { tenant: 'default', scopes: ['orders:read'], lifetimeSeconds: 60 } as const;
  const start = `${data} holds no key: start the system once with \`npx orderctl up\`, or give`;
  await expect(issueToken(new DataFolder(data), request)).rejects.toThrow(new RegExp(`${start} --data$`));
  await expect(new Connection({ data }).token()).rejects.toThrow(new RegExp(`${start} --data or --token$`));
});
