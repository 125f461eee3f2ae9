import { expect } from '@jest/globals';
import { decodeOrderPosition } from '#platform/order-position.js';
import type { Answer, TestCommandApi } from './command-api.js';
import type { Told } from './command-stories.js';

/** The parts of an answer that a client may rely on, and that a replay must repeat. */
export const seen = ({ status, body, headers }: Answer) => ({
  status,
  body,
  etag: headers.get('etag'),
  location: headers.get('location'),
});

export const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true';

/** Expects that a repeated command gets its first answer again, marked as a replay. */
export async function expectReplay(api: TestCommandApi, { path, sent, answer, type }: Told): Promise<void> {
  const again = await api.send(path, sent);
  expect({ type, ...seen(again) }).toEqual({ type, ...seen(answer) });
  expect({ type, replayed: isReplay(again) }).toEqual({ type, replayed: true });
  const [now, then] = [again, answer].map(({ headers }) =>
    decodeOrderPosition(headers.get('order-position')!)!,
  );
  expect(now).toMatchObject({ orderId: then!.orderId, revision: then!.revision, store: then!.store });
  expect(now!.position).toBeGreaterThanOrEqual(then!.position);
}

/** Expects that another request under the same key is refused. */
export async function expectOtherBodiesRefused(api: TestCommandApi, told: Told): Promise<void> {
  const { type, path, sent } = told;
  for (const body of othersThan(sent.body)) {
    const { status, body: problem } = await api.send(path, { ...sent, body });
    expect({ type, body, status, code: problem['code'] }).toEqual({
      ...{ type, body, status: 422, code: 'idempotency_key_reused' },
    });
  }
}

const TEXTS: ReadonlySet<string> = new Set(['text', 'reference', 'carrier', 'providerReference']);

/** Valid bodies of another request: with another time, amount or text. */
export function othersThan(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] {
  const others: Readonly<Record<string, unknown>>[] = [
    { ...body, occurredAt: new Date(Date.now() - 1_000).toISOString() },
  ];
  for (const [name, value] of Object.entries(body)) {
    // The reason of a refund must be one of a few words.
    const isText = TEXTS.has(name) || (name === 'reason' && !('of' in body));
    if (isText) others.push({ ...body, [name]: `${typeof value === 'string' ? value : ''}!` });
    if (name === 'amountMinor') others.push({ ...body, amountMinor: Number(value) - 1 });
    if (name === 'of') others.push({ ...body, of: { kind: 'amount', amountMinor: 1 } });
  }
  return others;
}
