import { describe, expect, it } from '@jest/globals';
import { ERASED, type Draft } from '../decider.js';
import { changeContact } from '../testing/commands.js';
import { contactChanged, noteAdded, orderPlaced, orderRejected } from '../testing/events.js';
import { given, type Happened } from '../testing/given.js';
import type { PlacingEvent } from './placing.js';

const placed = orderPlaced();
const erased: Happened = { ...(placed as Draft<PlacingEvent>), personal: ERASED };
const ada = { name: 'Ada Example', email: 'ada@example.com', phone: null };
const bob = { name: null, email: 'bob@example.com', phone: '+44 20 0000' };

describe('ChangeContact', () => {
  it('replaces the whole contact, whatever became of the order', () => {
    given(placed, orderRejected()).when(changeContact(ada)).then(contactChanged(ada));
    const { order } = given(placed, noteAdded('a'), contactChanged(ada), contactChanged(bob));
    expect(order.personal).toMatchObject({ contact: bob, notes: { note: 'a' } });
  });

  it('changes nothing when the order has that contact already', () => {
    given(placed, contactChanged(ada))
      .when(changeContact({ ...ada }))
      .thenNothing();
    given(placed, contactChanged(ada))
      .when(changeContact({ ...ada, phone: '1' }))
      .then(contactChanged({ ...ada, phone: '1' }));
  });

  it('takes at most 200 characters in each text', () => {
    const { when } = given(placed);
    when(changeContact({ ...ada, name: 'x'.repeat(201) })).thenRejected('text_too_long', {
      field: 'contact/name',
      limit: 200,
    });
    when(changeContact({ ...ada, phone: 'x'.repeat(201) })).thenRejected('text_too_long', {
      field: 'contact/phone',
    });
  });

  it('stays erased, and cannot be compared then', () => {
    given(erased).when(changeContact(ada)).then(contactChanged(ada));
    expect(given(erased, contactChanged(ada)).order.personal).toBe(ERASED);
    const lost = { ...contactChanged(ada), personal: ERASED } as Happened;
    expect(given(placed, lost).order.personal).toBe(ERASED);
  });
});
