import { describe, expect, it } from '@jest/globals';
import { ERASED, type Draft } from '../decider.js';
import { addNote, changeAttributes, changeTags, redactNote } from '../testing/commands.js';
import {
  attributesChanged,
  noteAdded,
  noteRedacted,
  orderPlaced,
  orderRejected,
  tagsChanged,
} from '../testing/events.js';
import { at, given, type Happened } from '../testing/given.js';
import type { PlacingEvent } from './placing.js';

const placed = orderPlaced();
const erased: Happened = { ...(placed as Draft<PlacingEvent>), personal: ERASED };

describe('AddNote', () => {
  it('adds a note, whatever became of the order', () => {
    given(placed, orderRejected()).when(addNote('called twice')).then(noteAdded('called twice', 'new-0'));
    expect(given(placed, noteAdded('called twice')).order).toMatchObject({
      notes: [{ noteId: 'note', redacted: false, at: at('11:59') }],
      personal: { notes: { note: 'called twice' } },
    });
  });

  it('keeps the notes and the people that were there before', () => {
    const contact = { name: 'Ann', email: null, phone: null };
    const { order } = given(orderPlaced({}, { contact }), noteAdded('a')).when(addNote('b'));
    expect(order.personal).toMatchObject({ contact, notes: { note: 'a', 'new-0': 'b' } });
  });

  it('is the same note under the same id', () => {
    const note = { newIds: ['note'] };
    given(placed, noteAdded('a')).when(addNote('a'), note).thenNothing();
    given(placed, noteAdded('a')).when(addNote('b'), note).thenRejected('id_already_used', { id: 'note' });
    given(placed, noteAdded('a'), noteRedacted()).when(addNote('a'), note).thenNothing();
    given(erased, noteAdded('a')).when(addNote('a'), note).thenNothing();
  });

  it('takes at most 4,000 characters', () => {
    expect(given(placed).when(addNote('x'.repeat(4_000))).order.notes).toHaveLength(1);
    given(placed)
      .when(addNote('x'.repeat(4_001)))
      .thenRejected('text_too_long', { field: 'text', limit: 4_000 });
  });

  it('stays erased', () => {
    expect(given(erased, noteAdded('a'), noteRedacted()).order.personal).toBe(ERASED);
    const lost = { ...noteAdded('a'), personal: ERASED } as Happened;
    expect(given(placed, lost).order.personal).toBe(ERASED);
  });
});

describe('RedactNote', () => {
  it('drops the text, once', () => {
    given(placed, noteAdded('a')).when(redactNote('note', 'GDPR')).then(noteRedacted('note', 'GDPR'));
    given(placed, noteAdded('a'), noteRedacted()).when(redactNote()).thenNothing();
    expect(given(placed, noteAdded('a'), noteAdded('b', 'other'), noteRedacted()).order).toMatchObject({
      notes: [{ redacted: true }, { redacted: false }],
      personal: { notes: { other: 'b' } },
    });
    const contact = { name: 'Ann', email: null, phone: null };
    const { order } = given(orderPlaced({}, { contact }), noteAdded('a'), noteRedacted());
    expect(order.personal).toEqual({ contact, shippingAddress: null, billingAddress: null, notes: {} });
  });

  it('is refused for an unknown note, and with a long reason', () => {
    given(placed).when(redactNote()).thenRejected('note_not_found', { noteId: 'note' });
    given(placed, noteAdded('a'))
      .when(redactNote('note', 'x'.repeat(501)))
      .thenRejected('text_too_long');
  });
});

describe('ChangeTags', () => {
  it('gives the order these tags, each once', () => {
    given(placed)
      .when(changeTags('vip', 'new', 'vip'))
      .then(tagsChanged('vip', 'new'));
    given(placed, tagsChanged('vip')).when(changeTags()).then(tagsChanged());
    given(placed, tagsChanged('vip')).when(changeTags('vip')).thenNothing();
  });

  it('takes at most 50 tags, of at most 50 characters each', () => {
    const tags = (count: number) => Array.from({ length: count }, (_, i) => String(i).padStart(50, 't'));
    expect(given(placed).when(changeTags(...tags(50))).order.tags).toHaveLength(50);
    given(placed)
      .when(changeTags(...tags(51)))
      .thenRejected('too_many_items', { field: 'tags' });
    given(placed)
      .when(changeTags('a', 'x'.repeat(51)))
      .thenRejected('text_too_long', { field: 'tags/1' });
  });
});

describe('ChangeAttributes', () => {
  it('gives the order these attributes and no others', () => {
    const { order, when } = given(placed, attributesChanged({ channel: 'web', erpId: '1' }));
    expect(order.attributes).toEqual({ channel: 'web', erpId: '1' });
    when(changeAttributes({ erpId: '2' })).then(attributesChanged({ erpId: '2' }));
    when(changeAttributes({})).then(attributesChanged({}));
    when(changeAttributes({ erpId: '1', channel: 'web' })).thenNothing();
    given(placed, orderRejected())
      .when(changeAttributes({ erpId: '2' }))
      .then(attributesChanged({ erpId: '2' }));
  });

  it('takes at most 20, with short names and values', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 'x']));
    const { when } = given(placed);
    expect(Object.keys(given(placed).when(changeAttributes(many(20))).order.attributes)).toHaveLength(20);
    when(changeAttributes(many(21))).thenRejected('too_many_items', { field: 'attributes' });
    when(changeAttributes({ ['x'.repeat(51)]: 'a' })).thenRejected('text_too_long', { field: 'attributes' });
    when(changeAttributes({ a: 'x'.repeat(501) })).thenRejected('text_too_long', { field: 'attributes/a' });
  });
});
