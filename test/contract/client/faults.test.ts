import { describe, expect, it } from '@jest/globals';
import { NoAnswer, Problem, type Retry, type Transport } from '#client/orderlog-client.js';
import { freePort } from '#platform/free-port.js';
import { clientSystem, mugs } from '../../support/client-system.js';
import { until } from '../../support/until.js';

const its = clientSystem();

/** Notes the retries of a client, and does something at the first. */
function retries(atFirst: () => unknown = () => {}) {
  const told: Retry[] = [];
  const onRetry = (retry: Retry) => {
    if (told.push(retry) === 1) void atFirst();
  };
  return { told, onRetry };
}

/** The orders with that reference, as somebody else sees them, once there is any. */
const placedAs = (reference: string) =>
  until(`${reference} is placed`, async () => {
    const { items } = await its.client().listOrders({ reference });
    return items.length > 0 && items;
  });

describe('a client with several addresses', () => {
  it('goes to the next one where a connection is refused, and stays there', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const { told, onRetry } = retries();
    const { commandApi, queryApi } = its.system;
    const client = its.client({
      commandUrl: [nobody, `http://${commandApi}`],
      queryUrl: [nobody, nobody, `http://${queryApi}`],
      onRetry,
    });
    const { orderId } = await client.placeOrder(mugs());
    await client.getOrder({ orderId });
    await client.getOrder({ orderId });
    expect(told).toEqual([]); // no pause
  });

  it('loses nothing when one goes away under load', async () => {
    const { commandApi } = its.system;
    const client = its.proxied({
      commandUrl: [`http://127.0.0.1:${its.network.port}`, `http://${commandApi}`],
    });
    const placing = Array.from({ length: 40 }, async (_, n) => {
      if (n === 20) await its.network.away();
      return client.placeOrder(mugs({ reference: 'F-1' }));
    });
    const placed = await Promise.all(placing);
    await its.network.restore();
    expect(new Set(placed.map(({ orderId }) => orderId)).size).toBe(40);
    const { items } = await client.listOrders({ reference: 'F-1', limit: 100 });
    expect(items).toHaveLength(40);
  });
});

describe('a client whose only address', () => {
  it('refuses connections tries until it is back', async () => {
    await its.network.away();
    const { told, onRetry } = retries(() => its.network.restore());
    await its.proxied({ onRetry }).placeOrder(mugs({ reference: 'F-2' }));
    expect(told[0]!.reason).toMatch(/^does not answer \(/);
    expect(await placedAs('F-2')).toHaveLength(1);
  });

  it('stays away says so at its deadline, and that nothing was done', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    // What the platform says of it, without the way there: a try that the deadline cut off would be of unknown outcome.
    const refusal = await fetch(nobody).then(
      () => new Error('somebody is there'),
      (error: Error) => error,
    );
    const transport: Transport = () => Promise.reject(refusal);
    const client = its.client({ commandUrl: nobody, deadlineMs: 300, transport });
    const failed = await client.placeOrder(mugs()).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(NoAnswer);
    expect(failed).toMatchObject({ url: nobody, outcome: 'nothing' });
    expect((failed as NoAnswer).tries).toBeGreaterThan(1);
  });

  it('answers 503 because its store is away tries as Retry-After says', async () => {
    await its.system.eventStore.away();
    const { told, onRetry } = retries(() => its.system.eventStore.restore());
    await its.client({ onRetry }).placeOrder(mugs({ reference: 'F-3' }));
    expect(told[0]!.reason).toMatch(/^answers 503 (event_store_unavailable|outcome_unknown)$/);
    expect(told[0]!.pauseMs).toBeGreaterThanOrEqual(1_000);
    expect(await placedAs('F-3')).toHaveLength(1);
  });

  it('answers 503 longer than there is time for is a problem', async () => {
    await its.system.eventStore.away();
    const failed = await its
      .client({ deadlineMs: 3_000 })
      .placeOrder(mugs())
      .catch((error: unknown) => error);
    await its.system.eventStore.restore();
    expect(failed).toBeInstanceOf(Problem);
    expect(failed).toMatchObject({ status: 503, key: expect.any(String) });
  });
});

describe('a change whose answer is lost', () => {
  it('is sent again with the same key, and done once', async () => {
    its.network.holdAnswers();
    const { told, onRetry } = retries();
    const client = its.proxied({ onRetry });
    const placing = client.answer('placeOrder', mugs({ reference: 'F-4' }));
    const [seen] = await placedAs('F-4');
    its.network.cut();
    its.network.passAnswers();
    const answer = await placing;
    expect(answer).toMatchObject({ status: 201, replayed: true, body: { orderId: seen!.orderId } });
    expect(told).toHaveLength(1);
    expect(await placedAs('F-4')).toHaveLength(1);
  });

  it('for good has an unknown outcome, and a key with which it can be asked', async () => {
    its.network.holdAnswers();
    const client = its.proxied({ deadlineMs: 3_000, tryMs: 2_000 });
    const placing = client.placeOrder(mugs({ reference: 'F-5' })).catch((error: unknown) => error);
    await placedAs('F-5');
    const failed = (await placing) as NoAnswer;
    its.network.passAnswers();
    expect(failed).toBeInstanceOf(NoAnswer);
    expect(failed.outcome).toBe('unknown');
    const again = await client.answer('placeOrder', mugs({ reference: 'F-5' }), { key: failed.key! });
    expect(again).toMatchObject({ replayed: true });
    expect(await placedAs('F-5')).toHaveLength(1);
  });

  it('ends at once when its caller has had enough', async () => {
    its.network.holdAnswers();
    const ending = new AbortController();
    const placing = its.proxied().placeOrder(mugs({ reference: 'F-6' }), { signal: ending.signal });
    await placedAs('F-6');
    ending.abort(new Error('enough'));
    await expect(placing).rejects.toThrow('enough');
    its.network.passAnswers();
    await expect(its.client().listOrders({}, { signal: ending.signal })).rejects.toThrow('enough');
  });
});
