import { expect, it } from '@jest/globals';
import { NoAnswer, Problem } from '#client/orderlog-client.js';
import { CliError } from './cli-error.js';
import { failureLine } from './failure-line.js';

const failed = { outcome: 'nothing', key: null, tries: 3 } as const;
const selfSigned = new TypeError('fetch failed', { cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
const problem = (status: number, code: string) =>
  new Problem(status, JSON.stringify({ code, detail: 'The reason.' }), failed);

it.each([
  [new CliError('no such\nfile'), 'no such file'],
  [new CliError('no order \u001b[2J'), 'no order \\u001b[2J'],
  [
    new NoAnswer('http://localhost:3001', 'does not answer (ECONNREFUSED)', failed, null),
    'http://localhost:3001 does not answer (ECONNREFUSED) (tries: 3): is it running?',
  ],
  [
    new NoAnswer('https://h', 'does not answer (DEPTH_ZERO_SELF_SIGNED_CERT)', failed, selfSigned),
    'https://h does not answer (DEPTH_ZERO_SELF_SIGNED_CERT) (tries: 3): its certificate is not one that Node trusts (NODE_EXTRA_CA_CERTS names further authorities)',
  ],
  [
    new Problem(200, '', failed),
    '200 http_200: the answer has no body: this is no answer of orderlog: check the address, and any proxy before it',
  ],
  [
    new Problem(308, '<html>Moved', failed, { to: 'https://h/api', isAddress: true }),
    '308 http_308: redirects to https://h/api: give that address',
  ],
  [problem(404, 'order_not_found'), '404 order_not_found: The reason.'],
  [problem(401, 'token_expired'), '401 token_expired: The reason. Give a valid token with --token.'],
  [
    problem(403, 'forbidden'),
    '403 forbidden: The reason. Give a token that has the scopes for it with --token.',
  ],
])('%s is told in one line', (error, line) => {
  expect(failureLine(error)).toBe(line);
});
