import { describe, expect, it, jest } from '@jest/globals';
import { isAway, isUnknown, mayTryAgain, pauseMs, type Failure } from './retry.js';
import { lostBy } from './transport.js';

const answered = (status: number, code: string, retryAfter: string | null = null): Failure => ({
  kind: 'answered',
  status,
  code,
  retryAfter,
});
const refused: Failure = { kind: 'lost', lost: 'not sent', code: 'ECONNREFUSED' };
const reset: Failure = { kind: 'lost', lost: 'unknown', code: 'ECONNRESET' };

const LEFT_MS = 60_000;

describe('a request that failed', () => {
  it.each([
    [refused, true, true, false],
    [reset, true, true, true],
    [answered(408, 'request_timeout'), true, false, false],
    [answered(408, 'http_408'), true, false, false],
    [answered(429, 'too_many_requests'), true, false, false],
    [answered(503, 'event_store_unavailable'), true, false, false],
    [answered(503, 'not_caught_up'), true, false, false],
    [answered(503, 'outcome_unknown'), true, false, true],
    [answered(503, 'shutting_down'), true, true, false],
    [answered(503, 'service_unavailable'), true, false, true],
    [answered(503, 'token_keys_unavailable'), true, false, false],
    [answered(503, 'http_503'), true, false, true],
    [answered(503, 'no_healthy_upstream'), true, false, true],
    [answered(503, 'order_parked'), false, false, false],
    [answered(503, 'order_unreadable'), false, false, false],
    [answered(503, 'read_too_slow', '30'), false, false, false],
    [answered(502, 'http_502'), true, false, true],
    [answered(504, 'http_504'), true, false, true],
    [answered(502, 'event_store_unavailable'), true, false, true],
    [answered(500, 'internal_error'), false, false, true],
    [answered(524, 'http_524'), false, false, true],
    [answered(400, 'validation_failed'), false, false, false],
    [answered(401, 'token_expired'), false, false, false],
    [answered(409, 'conflict_retry_exhausted', '1'), true, false, false],
    [answered(409, 'not_allowed_in_state'), false, false, false],
    [answered(412, 'precondition_failed'), false, false, false],
    [answered(422, 'no_lines'), false, false, false],
  ])('%j: again %s, another address %s, outcome unknown %s', (failure, again, away, unknown) => {
    expect([mayTryAgain(failure), isAway(failure), isUnknown(failure)]).toEqual([again, away, unknown]);
  });
});

describe('a request without an answer', () => {
  const failed = (code: string, syscall: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code, syscall }) });

  it('was not sent if no connection was made, and has an unknown outcome if the connection broke', () => {
    expect(lostBy(failed('EHOSTUNREACH', 'connect'))?.lost).toBe('not sent');
    expect(lostBy(failed('EHOSTUNREACH', 'read'))?.lost).toBe('unknown');
    expect(lostBy(failed('ENETUNREACH', 'write'))?.lost).toBe('unknown');
    expect(lostBy(failed('ECONNRESET', 'read'))?.lost).toBe('unknown');
    expect(lostBy(failed('ECONNRESET', 'connect'))?.lost).toBe('not sent');
    expect(lostBy(new TypeError('no failure of the network'))).toBeNull();
  });
});

describe('a server that cannot be trusted', () => {
  const failed = (code: string) =>
    lostBy(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }));

  it.each([
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('was sent nothing: %s', (code) => expect(failed(code)).toEqual({ lost: 'not sent', code }));

  it.each(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'])(
    'may have been sent the request before the connection broke: %s',
    (code) => expect(failed(code)).toEqual({ lost: 'unknown', code }),
  );
});

describe('the pause before the next try', () => {
  it('doubles up to 5 s, half of it left to chance', () => {
    const [least, most] = [() => 0, () => 1];
    expect([0, 1, 2, 5, 6, 60].map((attempt) => pauseMs(reset, attempt, LEFT_MS, most))).toEqual([
      100, 200, 400, 3_200, 5_000, 5_000,
    ]);
    expect(pauseMs(reset, 6, LEFT_MS, least)).toBe(2_500);
  });

  it('is what Retry-After says or little more, however long that is', () => {
    const after = (value: string, random: number) =>
      pauseMs(answered(503, 'not_caught_up', value), 9, LEFT_MS, () => random);
    expect([after('2', 0), after('2', 1)]).toEqual([2_000, 2_200]);
    expect(after('45', 0)).toBe(45_000);
    expect(after('3600', 0)).toBe(3_600_000);
  });

  it('takes no more than half of the time that Retry-After leaves', () => {
    const within = (leftMs: number) => pauseMs(answered(503, 'not_caught_up', '2'), 0, leftMs, () => 1);
    expect([within(2_100), within(2_000), within(1_000)]).toEqual([2_050, 2_000, 2_000]);
  });

  it('reads Retry-After as a date too', () => {
    jest.useFakeTimers({ now: Date.parse('2026-11-26T10:00:00Z') });
    try {
      const at = (value: string) => pauseMs(answered(429, 'http_429', value), 0, LEFT_MS, () => 0);
      expect(at('Thu, 26 Nov 2026 10:00:07 GMT')).toBe(7_000);
      expect([at('Thu, 26 Nov 2026 09:59:00 GMT'), at('soon'), at('0')]).toEqual([50, 50, 50]);
    } finally {
      jest.useRealTimers();
    }
  });
});
