import { expect, it } from '@jest/globals';
import { money, table } from '../support/output.js';
import { diffText } from './diff-view.js';
import { wordsOf, type Wording } from './event-words.js';

const wording: Wording = { currency: 'GBP', skuOf: (id) => `SKU-${id}`, noteOf: () => 'rang again' };
const words = (type: string, data: unknown) => wordsOf({ type, data }, wording);

it('tells an event in one line', () => {
  expect(words('ShipmentCreated', { carrier: 'Post', lines: [{ lineId: '1', quantity: 2 }] })).toBe(
    'parcel packed for Post: 2 × SKU-1',
  );
  expect(words('PaymentFailed', { amountMinor: 1_234_50, reason: 'declined' })).toBe(
    'payment of 1,234.50 GBP failed: declined',
  );
  expect(words('NoteAdded', { noteId: 'n' })).toBe('note: rang again');
  expect(words('OrderHeld', { reason: `two\nlines ${'x'.repeat(300)}` })).toMatch(
    /^put on hold: two lines x+…$/,
  );
});

it('names an event that a newer release wrote', () => {
  expect(words('OrderGiftWrapped', {})).toBe('OrderGiftWrapped');
});

it('shows what changed and who did it', () => {
  const by = [
    {
      revision: 4,
      type: 'OrderHeld',
      actor: { type: 'user', id: 'kim' },
      occurredAt: '2026-11-22T18:00:00.000Z',
    },
  ];
  const text = diffText({
    orderId: 'o-1',
    from: { revision: 3 },
    to: { revision: 4 },
    changes: [
      { pointer: '/onHold', op: 'replace', from: false, to: true, by },
      { pointer: '/total', op: 'replace', from: 1, to: 2, by, earlier: 7 },
      { pointer: '/tags/0', op: 'add', to: 'check', by: [] },
      { pointer: '/tags/1', op: 'remove', from: 'gift', by: [] },
    ],
  });
  expect(text).toContain('revision 3 to revision 4');
  expect(text).toMatch(/\/onHold +false → true\n +#4 OrderHeld by user kim, 2026-11-22 18:00/);
  expect(text).toMatch(/1 → 2\n +7 earlier events, and\n +#4 OrderHeld/);
  expect(text).toMatch(/\+ check/);
  expect(text).toMatch(/- gift/);
  expect(diffText({ orderId: 'o-1', from: null, to: { revision: 0 }, changes: [] })).toContain('no change');
});

it('writes money with the digits of its currency', () => {
  expect(money(-1_050, 'GBP')).toBe('-10.50 GBP');
  expect(money(1_050, 'JPY')).toBe('1,050 JPY');
  expect(money(1_050, 'KWD')).toBe('1.050 KWD');
});

it('aligns columns', () => {
  expect(
    table([
      ['a', 'bb'],
      ['ccc', 'd'],
    ]),
  ).toBe('a    bb\nccc  d');
});
