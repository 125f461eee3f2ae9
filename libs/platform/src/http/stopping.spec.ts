import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Module } from '@nestjs/common';
import { openEmbeddedIssuer } from '../auth/embedded-issuer.js';
import { createTokenVerifier } from '../auth/token-verifier.js';
import { createLogger } from '../logging.js';
import { createHttpApp, type HttpApp } from './http-app.js';

@Module({})
class NothingModule {}

/** In which an answer comes by a new connection, also on a machine that is busy with others. */
const DELAY_MS = 2_000;
jest.setTimeout(20_000);

let keys: string;
let app: HttpApp;
let url: string;

beforeEach(async () => {
  keys = await mkdtemp(join(tmpdir(), 'orderlog-stopping-'));
  app = await createHttpApp(NothingModule, {
    logger: createLogger('test', 'silent'),
    api: { title: 'test', description: '', version: '1' },
    verifier: createTokenVerifier(await openEmbeddedIssuer(keys)),
    bodyLimitBytes: 1_000,
    readiness: {},
  });
  url = `http://127.0.0.1:${await app.listen('127.0.0.1', 0)}`;
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
});
afterEach(() => rm(keys, { recursive: true }));

describe('an API that stops', () => {
  it('is not ready from the first moment, though it answers; then it refuses connections', async () => {
    const closing = app.close(DELAY_MS);
    const ready = await fetch(`${url}/health/ready`);
    expect([ready.status, ready.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await ready.json()).toEqual({ status: 'stopping', checks: {} });
    const live = await fetch(`${url}/health/live`);
    expect([live.status, live.headers.get('connection')]).toEqual([200, 'close']);
    await closing;
    await expect(fetch(`${url}/health/live`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('tells new connections to ask another instance, before it refuses them', async () => {
    const closing = app.close(0, 2 * DELAY_MS);
    let answer: Response;
    // The first may still go by a connection that was open before. Each answer closes its connection.
    do answer = await fetch(`${url}/v1/orders`, { method: 'POST', body: '{}' });
    while (answer.status === 404);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({
      code: 'shutting_down',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
    await closing;
  });
});
