import { describe, expect, it } from '@jest/globals';
import { readPosition, writePosition } from './order-position.js';
import { Session } from './session.js';

const A = '0b9e7c52-6f0a-4b7e-9c3d-2f1a8d4e6b70';
const B = '7f4df1a2-95c0-4a57-8f6e-0c2f5b1d9e34';

const read = (position: number, store = 'aaaaaaaaaaaa') =>
  writePosition({ position: BigInt(position), store, about: null });
const change = (position: number, orderId: string, revision: number, store = 'aaaaaaaaaaaa') =>
  writePosition({ position: BigInt(position), store, about: { orderId, revision } });
const told = (token: string | null) => (token === null ? null : readPosition(token));
const at = (position: number, store = 'aaaaaaaaaaaa') => ({ position: BigInt(position), store, about: null });

describe('a session', () => {
  it('has seen nothing at first', () => {
    expect([new Session().token, new Session().tokenFor(A)]).toEqual([null, null]);
  });

  it('goes on with what either API tells, and never back', () => {
    const session = new Session();
    session.saw(change(20, A, 0));
    session.saw(read(15));
    expect(told(session.token)).toEqual(at(20));
    session.saw(read(30));
    session.saw(change(25, B, 3));
    expect(told(session.token)).toEqual(at(30));
  });

  it('names its own change in a read of that order alone', () => {
    const session = new Session();
    session.saw(change(10, A, 0));
    expect(told(session.tokenFor(A))).toEqual({ ...at(10), about: { orderId: A, revision: 0 } });
    session.saw(change(20, A, 4));
    session.saw(change(18, A, 3)); // the answer to an earlier change came late
    session.saw(read(30));
    expect(told(session.tokenFor(A))).toEqual({ ...at(30), about: { orderId: A, revision: 4 } });
    expect(told(session.tokenFor(B))).toEqual(at(30));
    expect(told(session.token)).toEqual(at(30));
  });

  it('goes over to another event store with the first change there, and not with a read', () => {
    const session = new Session(read(500));
    session.saw(read(3, 'bbbbbbbbbbbb'));
    expect(told(session.token)).toEqual(at(500));
    session.saw(change(3, A, 0, 'bbbbbbbbbbbb'));
    expect(told(session.token)).toEqual(at(3, 'bbbbbbbbbbbb'));
    session.forget();
    expect(session.token).toBeNull();
    session.saw(read(2, 'cccccccccccc'));
    expect(told(session.tokenFor(A))).toEqual(at(2, 'cccccccccccc'));
  });

  it('is begun from a token that was kept', () => {
    const session = new Session();
    session.saw(change(20, A, 0));
    expect(told(new Session(session.token).token)).toEqual(at(20));
    expect(() => new Session('no token')).toThrow('is not an Order-Position');
  });

  it.each(['', 'e30', 'bm8', '%%%', '{}'])('does not go on to %j, which is no position', (token) => {
    const session = new Session(read(5));
    expect(session.saw(token)).toBe(false);
    expect(told(session.token)).toEqual(at(5));
  });

  it('remembers its own changes of the last thousand orders', () => {
    const session = new Session();
    const order = (n: number) => A.slice(0, -4) + String(n).padStart(4, '0');
    const known = (n: number) => told(session.tokenFor(order(n)))?.about?.revision;
    for (let n = 0; n <= 1_000; n++) session.saw(change(n + 1, order(n), 1));
    expect([0, 1, 1_000].map(known)).toEqual([undefined, 1, 1]);
    session.saw(change(1_002, order(1), 2));
    session.saw(change(1_003, order(1_001), 1));
    expect([1, 2, 1_001].map(known)).toEqual([2, undefined, 1]);
  });
});
