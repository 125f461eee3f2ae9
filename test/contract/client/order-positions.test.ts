import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readPosition, writePosition } from '#client/order-position.js';
import { decodeOrderPosition, encodeOrderPosition } from '#platform/order-position.js';

const position = fc.record({
  position: fc.bigInt({ min: 0n, max: 2n ** 62n }),
  store: fc.option(fc.stringMatching(/^[0-9a-f]{12}$/)),
  about: fc.option(fc.record({ orderId: fc.uuid(), revision: fc.nat() })),
});

it('client and APIs read and write the same Order-Position', () => {
  fc.assert(
    fc.property(position, ({ about, ...at }) => {
      const ours = { ...at, orderId: about?.orderId ?? null, revision: about?.revision ?? null };
      expect(readPosition(encodeOrderPosition(ours))).toEqual({ ...at, about });
      expect(decodeOrderPosition(writePosition({ ...at, about }))).toEqual(ours);
    }),
  );
});
