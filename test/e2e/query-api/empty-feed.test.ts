import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { place, WrittenOrder } from '../../support/order-streams.js';
import { startTestQuerySystem, type TestQuerySystem } from '../../support/query-api.js';
import { until } from '../../support/until.js';

jest.setTimeout(120_000);

let system: TestQuerySystem;
beforeAll(async () => {
  system = await startTestQuerySystem();
  system.startProjector();
});
afterAll(() => system.close());

it('the feed of a system without any order says from where to go on, and goes on from there', async () => {
  const empty = await until('the read models are there', async () => {
    const answer = await system.ask('/v1/events');
    return answer.status === 200 && answer;
  });
  expect(empty.body['items']).toEqual([]);
  const after = String(empty.body['next']);
  expect(await system.ask(`/v1/events?after=${after}`)).toMatchObject({ status: 200, body: { items: [] } });
  const order = new WrittenOrder(system.eventStore);
  await order.does(place(order));
  const headers = await system.caughtUp();
  const { body } = await system.ask(`/v1/events?after=${after}`, { headers });
  expect(body['items']).toMatchObject([{ orderId: order.orderId, revision: 0 }]);
});

it('the feed refuses the place of another event store, and takes those that do not say of which', async () => {
  const { body } = await system.ask('/v1/events');
  const next = String(body['next']);
  const mark = /-[0-9a-f]{12}$/;
  expect(next).toMatch(mark);
  expect(await system.ask(`/v1/events?after=${next.replace(mark, '-0123456789ab')}`)).toMatchObject({
    status: 400,
    body: { code: 'position_of_another_store' },
  });
  for (const after of [next, next.replace(mark, ''), next.replace(/[.].*/, '')])
    expect(await system.ask(`/v1/events?after=${after}`)).toMatchObject({
      status: 200,
      body: { items: [], next },
    });
});
