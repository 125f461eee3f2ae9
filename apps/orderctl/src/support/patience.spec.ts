import { describe, expect, it } from '@jest/globals';
import type { ApiAnswer } from './api-answer.js';
import { patiently } from './patience.js';

const answer = (status: number, headers: ApiAnswer['headers'] = {}): ApiAnswer => ({
  status,
  headers,
  text: '',
});

function answering(...answers: (ApiAnswer | Error)[]) {
  let asked = 0;
  const ask = async (): Promise<ApiAnswer> => {
    const next = answers[Math.min(asked++, answers.length - 1)]!;
    if (next instanceof Error) throw next;
    return next;
  };
  return { ask, asked: () => asked };
}

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const options = { name: 'http://localhost', patienceMs: 5_000 };

describe('a service that is busy or away', () => {
  it('is asked again until it answers', async () => {
    const { ask, asked } = answering(answer(503, { 'retry-after': '0.01' }), refused, answer(201));
    const waited: string[] = [];
    const got = await patiently(ask, { ...options, onWaiting: (reason) => waited.push(reason) });
    expect(got.status).toBe(201);
    expect(asked()).toBe(3);
    expect(waited).toEqual(['answers 503', 'does not answer (ECONNREFUSED)']);
  });

  it('is given up when the patience is over', async () => {
    const { ask } = answering(answer(429));
    await expect(patiently(ask, { ...options, patienceMs: 0 })).rejects.toThrow(
      /answers 429.*is it running\?/,
    );
  });
});

it.each([200, 404, 409, 422, 500])('an answer of %d is the answer', async (status) => {
  const { ask, asked } = answering(answer(status));
  expect((await patiently(ask, options)).status).toBe(status);
  expect(asked()).toBe(1);
});

it('an error of our own is not waited for', async () => {
  await expect(patiently(answering(new TypeError('a bug')).ask, options)).rejects.toThrow('a bug');
});
