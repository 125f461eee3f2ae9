import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Order } from '#domain/order/state.js';
import { paymentStatus } from '#domain/order/statuses.js';
import { orderTotals } from '#domain/order/totals.js';
import type { Answer } from '../../support/command-api.js';
import { moneySystem } from '../../support/money-system.js';

const WRITERS = 32;

const system = moneySystem();

const money = (amountMinor: number, more: object = {}) => ({ amountMinor, currency: 'EUR', ...more });
const refund = (amountMinor: number) => ({
  ...{ reason: 'goodwill', currency: 'EUR' },
  of: { kind: 'amount', amountMinor },
});
const idOf = ({ body }: Answer, name: string) =>
  (body['events'] as { ids: Record<string, string> }[])[0]!.ids[name]!;

/** The same kind of request from every writer at once, half of them through either process. */
function race(path: string, bodyOf: (writer: number) => object): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: WRITERS }, (_, writer) => system.send(writer, path, bodyOf(writer), randomUUID())),
  );
}

function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, body } of answers) {
    const what =
      status === 200 ? `200 with ${(body['events'] as []).length}` : `${status} ${String(body['code'])}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

const last = async (orderId: string): Promise<Order> => (await system.statesOf(orderId)).at(-1)!;

describe('many writers through two processes', () => {
  it('capture no more than was authorized', async () => {
    const orderId = await system.place();
    const path = `/v1/orders/${orderId}/payments`;
    const promised = money(10_000, { providerReference: 'A' });
    const authorized = await system.send(0, `${path}/authorized`, promised, randomUUID());
    const authorizationId = idOf(authorized, 'paymentId');
    const answers = await race(`${path}/captured`, (writer) =>
      money(900, { providerReference: `C${writer}`, authorizationId }),
    );
    expect(tally(answers)).toEqual({ '200 with 1': 11, '422 capture_exceeds_authorization': 21 });
    const { payments } = await last(orderId);
    expect(payments.authorizations[0]).toMatchObject({ capturedMinor: 9_900 });
    expect(payments.captures).toHaveLength(11);
  });

  it('give back no more than was captured', async () => {
    const orderId = await system.place();
    const captured = money(10_000, { providerReference: 'C' });
    await system.send(0, `/v1/orders/${orderId}/payments/captured`, captured, randomUUID());
    const answers = await race(`/v1/orders/${orderId}/refunds`, () => refund(900));
    expect(tally(answers)).toEqual({ '200 with 1': 11, '422 refund_exceeds_captured': 21 });
    expect(orderTotals(await last(orderId))).toMatchObject({
      capturedMinor: 10_000,
      pendingRefundsMinor: 9_900,
    });
  });

  it('record one reference once, and one content of it', async () => {
    const orderId = await system.place();
    const path = `/v1/orders/${orderId}/payments/captured`;
    const answers = await race(path, (writer) =>
      money(writer % 4 === 3 ? 401 : 400, { providerReference: 'C' }),
    );
    const { payments } = await last(orderId);
    expect(payments.captures).toHaveLength(1);
    const isFirstContent = payments.captures[0]!.amountMinor === 400;
    expect(tally(answers)).toEqual({
      '200 with 1': 1,
      '200 with 0': (isFirstContent ? 24 : 8) - 1,
      '422 provider_reference_reused': isFirstContent ? 8 : 24,
    });
  });

  it('record one reference of an authorization, and of a void, once', async () => {
    const orderId = await system.place();
    const path = `/v1/orders/${orderId}/payments`;
    const authorized = await race(`${path}/authorized`, () => money(10_000, { providerReference: 'A' }));
    expect(tally(authorized)).toEqual({ '200 with 1': 1, '200 with 0': WRITERS - 1 });
    const { payments } = await last(orderId);
    expect(payments.authorizations).toHaveLength(1);
    const authorizationId = payments.authorizations[0]!.paymentId;
    const voided = await race(`${path}/voided`, () => ({ providerReference: 'V', authorizationId }));
    expect(tally(voided)).toEqual({ '200 with 1': 1, '200 with 0': WRITERS - 1 });
    expect((await last(orderId)).payments.voids).toHaveLength(1);
  });

  it('take back no more than was captured', async () => {
    const orderId = await system.place();
    const path = `/v1/orders/${orderId}/payments`;
    const taken = money(10_000, { providerReference: 'C' });
    const captureId = idOf(await system.send(0, `${path}/captured`, taken, randomUUID()), 'paymentId');
    const answers = await race(`${path}/reversed`, (writer) =>
      money(900, { providerReference: `D${writer}`, captureId }),
    );
    expect(tally(answers)).toEqual({ '200 with 1': 11, '422 reversal_exceeds_capture': 21 });
    const again = await race(`${path}/reversed`, () => money(100, { providerReference: 'D', captureId }));
    expect(tally(again)).toEqual({ '200 with 1': 1, '200 with 0': WRITERS - 1 });
    const order = await last(orderId);
    expect(orderTotals(order)).toMatchObject({ capturedMinor: 0 });
    expect(paymentStatus(order)).toBe('reversed');
  });

  it('record one reference for one of two refunds', async () => {
    const orderId = await system.place();
    const captured = money(5_000, { providerReference: 'C' });
    await system.send(0, `/v1/orders/${orderId}/payments/captured`, captured, randomUUID());
    const ask = () => system.send(1, `/v1/orders/${orderId}/refunds`, refund(1_000), randomUUID());
    const refundIds = [idOf(await ask(), 'refundId'), idOf(await ask(), 'refundId')];
    // Writers 0, 1, 4, 5 …, and so both processes, send it for the first refund.
    const answers = await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) => {
        const path = `/v1/orders/${orderId}/refunds/${refundIds[(writer >> 1) % 2]!}/succeeded`;
        return system.send(writer, path, { providerReference: 'R' }, randomUUID());
      }),
    );
    expect(tally(answers)).toEqual({
      '200 with 1': 1,
      '200 with 0': WRITERS / 2 - 1,
      '422 provider_reference_reused': WRITERS / 2,
    });
    const { refunds } = await last(orderId);
    expect(refunds.map(({ status }) => status).sort()).toEqual(['pending', 'succeeded']);
  });

  it('capture more than the order costs: what the provider took is recorded, as overpaid', async () => {
    const orderId = await system.place();
    const answers = await race(`/v1/orders/${orderId}/payments/captured`, (writer) =>
      money(1_000_000, { providerReference: `C${writer}` }),
    );
    expect(tally(answers)).toEqual({ '200 with 1': WRITERS });
    const order = await last(orderId);
    expect(paymentStatus(order)).toBe('overpaid');
    const { totalMinor, capturedMinor, balanceDueMinor } = orderTotals(order);
    expect([capturedMinor, balanceDueMinor]).toEqual([WRITERS * 1_000_000, totalMinor - capturedMinor]);
  });

  it('record one refund as succeeded or as failed, not as both', async () => {
    const orderId = await system.place();
    const captured = money(5_000, { providerReference: 'C' });
    await system.send(0, `/v1/orders/${orderId}/payments/captured`, captured, randomUUID());
    const asked = await system.send(1, `/v1/orders/${orderId}/refunds`, refund(5_000), randomUUID());
    const path = `/v1/orders/${orderId}/refunds/${idOf(asked, 'refundId')}`;
    const answers = await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) => {
        const route = writer % 3 === 0 ? 'failed' : 'succeeded';
        return system.send(
          writer,
          `${path}/${route}`,
          { providerReference: `the one that ${route}` },
          randomUUID(),
        );
      }),
    );
    const [{ status }] = (await last(orderId)).refunds as [Order['refunds'][0]];
    const agreeing = status === 'failed' ? 11 : 21;
    expect(tally(answers)).toEqual({
      '200 with 1': 1,
      '200 with 0': agreeing - 1,
      '409 refund_not_in_state': WRITERS - agreeing,
    });
  });

  it('keep every rule of money at every revision, whatever they do', async () => {
    const act = fc.record({
      what: fc.constantFrom('authorize', 'capture', 'direct', 'reverse', 'refund', 'succeed', 'fail', 'void'),
      amountMinor: fc.integer({ min: 1, max: 4_000 }),
      pick: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(act, { minLength: 4, maxLength: 8 }), { minLength: 8, maxLength: 16 }),
        async (writers) => {
          const orderId = await system.place();
          const acknowledged = await Promise.all(
            writers.map((acts, writer) => actAll(orderId, writer, acts)),
          );
          const states = await system.statesOf(orderId);
          states.forEach(holdsItsMoney);
          const { payments, refunds } = states.at(-1)!;
          const { captures, authorizations, voids, reversals } = payments;
          const recorded = [...captures, ...authorizations, ...voids, ...reversals, ...refunds];
          expect(recorded.length).toBe(acknowledged.flat().length);
          expect(new Set(acknowledged.flat()).size).toBe(recorded.length);
        },
      ),
      { numRuns: 8 },
    );
  });
});

interface Act {
  readonly what: 'authorize' | 'capture' | 'direct' | 'reverse' | 'refund' | 'succeed' | 'fail' | 'void';
  readonly amountMinor: number;
  readonly pick: number;
}

/** One writer's requests, one after the other; returns the ids of what they created. */
async function actAll(orderId: string, writer: number, acts: readonly Act[]): Promise<string[]> {
  const created: string[] = [];
  const at = (route: string, body: object) =>
    system.send(writer, `/v1/orders/${orderId}/${route}`, body, randomUUID());
  for (const [turn, { what, amountMinor, pick }] of acts.entries()) {
    const { payments, refunds } = await last(orderId);
    const providerReference = `${writer}.${turn}`;
    const authorizationId = payments.authorizations[pick % (payments.authorizations.length || 1)]?.paymentId;
    const captureId = payments.captures[pick % (payments.captures.length || 1)]?.paymentId ?? randomUUID();
    const refundId = refunds[pick % (refunds.length || 1)]?.refundId ?? randomUUID();
    const ofAuthorization = { providerReference, authorizationId: authorizationId ?? randomUUID() };
    const requests: Readonly<Record<Act['what'], () => Promise<Answer>>> = {
      authorize: () => at('payments/authorized', money(amountMinor, { providerReference })),
      capture: () => at('payments/captured', money(amountMinor, ofAuthorization)),
      direct: () => at('payments/captured', money(amountMinor, { providerReference })),
      reverse: () => at('payments/reversed', money(amountMinor, { providerReference, captureId })),
      refund: () => at('refunds', refund(amountMinor)),
      succeed: () => at(`refunds/${refundId}/succeeded`, { providerReference }),
      fail: () => at(`refunds/${refundId}/failed`, { providerReference }),
      void: () => at('payments/voided', ofAuthorization),
    };
    const answer = await requests[what]();
    if (answer.status >= 500) throw new Error(JSON.stringify(answer.body));
    const creates = answer.status === 200 && what !== 'succeed' && what !== 'fail';
    if (creates) created.push(idOf(answer, what === 'refund' ? 'refundId' : 'paymentId'));
  }
  return created;
}

function holdsItsMoney(order: Order): void {
  const { payments, refunds } = order;
  const sum = (of: readonly { amountMinor: number }[]) => of.reduce((all, each) => all + each.amountMinor, 0);
  const live = refunds.filter(({ status }) => status !== 'failed');
  // Also of what was taken back since.
  expect(sum(live)).toBeLessThanOrEqual(sum(payments.captures));
  for (const { paymentId, amountMinor, capturedMinor } of payments.authorizations) {
    const own = payments.captures.filter(({ authorizationId }) => authorizationId === paymentId);
    expect(capturedMinor).toBe(sum(own));
    expect(capturedMinor).toBeLessThanOrEqual(amountMinor);
  }
  for (const { paymentId, amountMinor, reversedMinor } of payments.captures) {
    const own = payments.reversals.filter(({ captureId }) => captureId === paymentId);
    expect(reversedMinor).toBe(sum(own));
    expect(reversedMinor).toBeLessThanOrEqual(amountMinor);
  }
  const { totalMinor, capturedMinor, refundedMinor, balanceDueMinor } = orderTotals(order);
  expect(balanceDueMinor).toBe(totalMinor - capturedMinor + refundedMinor);
  expect(capturedMinor).toBe(sum(payments.captures) - sum(payments.reversals));
  const isOverpaid = refundedMinor < capturedMinor && balanceDueMinor < 0;
  expect(paymentStatus(order) === 'overpaid').toBe(isOverpaid);
}
