import { expect } from '@jest/globals';
import { decodeOrderPosition } from '#platform/order-position.js';
import type { Answer, TestCommandApi } from './command-api.js';
import type { Told } from './command-stories.js';

/** All of an answer that a client may rely on and that has to be the same again. */
export const seen = ({ status, body, headers }: Answer) => ({
  status,
  body,
  etag: headers.get('etag'),
  location: headers.get('location'),
});

export const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true';

/** Sent again, the command gets its first answer once more, which says that it is a repetition. */
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

/** Under the same key something else is asked for: refused. */
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

/** Valid bodies that ask for something else: another time, another amount, another text. */
export function othersThan(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>[] {
  const others: Readonly<Record<string, unknown>>[] = [
    { ...body, occurredAt: new Date(Date.now() - 1_000).toISOString() },
  ];
  for (const [name, value] of Object.entries(body)) {
    // The reason of a refund is one of a few words.
    const isText = TEXTS.has(name) || (name === 'reason' && !('of' in body));
    if (isText) others.push({ ...body, [name]: `${typeof value === 'string' ? value : ''}!` });
    if (name === 'amountMinor') others.push({ ...body, amountMinor: Number(value) - 1 });
    if (name === 'of') others.push({ ...body, of: { kind: 'amount', amountMinor: 1 } });
  }
  return others;
}
