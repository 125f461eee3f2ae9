import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ORDERCTL, startUp } from '../../support/orderctl.js';
import { until } from '../../support/until.js';

const TIMEOUT_MS = 180_000;

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'orderlog-e2e-'));
});
afterEach(() => rm(data, { recursive: true, force: true }));

it(
  'stops everything in order when its terminal is closed',
  async () => {
    const up = await startUp(data, '--no-demo');
    const running = [...up.processes().values()];
    up.stopReading();
    process.kill(up.pid, 'SIGHUP');
    await until('it stops', () => !existsSync(join(data, 'system.json')));
    // The shell of the terminal passes it on.
    expect(await up.end('SIGHUP')).toBe(0);
    expect(running).toHaveLength(5);
    expect(running.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    expect(existsSync(join(data, 'up.lock'))).toBe(false);
  },
  TIMEOUT_MS,
);

it(
  'lists what was rejected although nobody reads any more how far the import is',
  async () => {
    const file = join(data, 'orders.ndjson');
    const rejects = join(data, 'rejects.csv');
    await writeFile(file, JSON.stringify({ key: 'one', commands: [{ do: 'place', body: {} }] }));
    const api = createServer();
    const placed = new Promise<ServerResponse>((come) => {
      api.on('request', (request, response) => {
        if (request.method === 'POST') come(response);
        else response.setHeader('content-type', 'application/json').end('{"items":[],"nextCursor":null}');
      });
    });
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
    const where = ['--command-url', url, '--query-url', url, '--token', 'any', '--rejects', rejects];
    const importing = spawn(process.execPath, [ORDERCTL, 'import', file, '--format', 'ndjson', ...where], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(importing, 'close');
    const response = await placed;
    importing.stderr.destroy();
    const code = 'validation_failed';
    response
      .writeHead(400, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ type: `urn:orderlog:problem:${code}`, title: 'Invalid', status: 400, code }));
    expect(await ended).toEqual([0, null]);
    expect(await readFile(rejects, 'utf8')).toBe(`file,line,reason\n${file},1,validation_failed\n`);
    api.closeAllConnections();
    api.close();
  },
  TIMEOUT_MS,
);
