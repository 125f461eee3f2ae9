import { expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { eventCodec } from '#event-store/codec.js';
import { fold } from '#event-store/order-streams.js';
import { plainPersonal } from '#event-store/personal-codec.js';
import { goldenStreams } from '../../../../scripts/generated/golden-folded.mjs';
import { viewForCustomer, viewOf } from '../time-travel/order-view.js';
import { orderSchema } from './order.schema.js';
import type { Schema } from './schema-parts.js';

/** The same schema, which allows no fields besides those that it describes. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inner ? { ...inner, additionalProperties: false } : inner;
}

it('an order is described as it is answered, at every revision of every stored history', async () => {
  const ajv = new Ajv({ strict: false });
  formats.default(ajv);
  const matches = ajv.compile(closed(orderSchema) as Schema);
  const codec = eventCodec(plainPersonal);
  const refused: unknown[] = [];
  for (const [name, events] of Object.entries(await goldenStreams())) {
    for (const [revision, event] of events.entries()) {
      const order = fold(null, await codec.decode(events.slice(0, revision + 1)));
      if (order === null) throw new Error(`${name} is no order after ${event.type}`);
      for (const view of [viewOf(order, new Set()), viewForCustomer(viewOf(order, new Set()))]) {
        const answer: unknown = JSON.parse(JSON.stringify({ ...view, stale: true, staleReason: 'a' }));
        if (!matches(answer)) refused.push([name, revision, matches.errors]);
      }
    }
  }
  expect(refused).toEqual([]);
  expect(matches({ orderId: 'none' })).toBe(false);
});
