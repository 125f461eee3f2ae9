import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { currentShapes, withCurrent, type Shapes } from '../../scripts/generated/event-shapes.mjs';
import { schemaVersionOf, isOrderEventType } from '#event-store/upcasters.js';

const root = new URL('../../', import.meta.url);
const notes = 'libs/domain/src/order/notes.ts';
const recorded = JSON.parse(
  readFileSync(new URL('libs/event-store/golden/shapes.json', root), 'utf8'),
) as Shapes;
const versionOf = (type: string) => (isOrderEventType(type) ? schemaVersionOf(type) : 1);

/** The shapes as they would be with another text in the domain. */
function shapesWith(replaced: string, by: string) {
  const text = readFileSync(new URL(notes, root), 'utf8');
  expect(text).toContain(replaced);
  return currentShapes({ [notes]: text.replace(replaced, by) });
}

describe('stored event shapes', () => {
  it('are as recorded', () => {
    expect(withCurrent(recorded, currentShapes(), versionOf)).toEqual(recorded);
  }, 30_000);

  it.each([
    ['a field more', "Event<'TagsChanged', {", "Event<'TagsChanged', { readonly by: string;"],
    [
      'another type',
      "Event<'TagsChanged', { readonly tags: readonly string[] }",
      "Event<'TagsChanged', { readonly tags: string }",
    ],
    ['an optional field', "Event<'TagsChanged', {", "Event<'TagsChanged', { readonly by?: string;"],
  ])(
    'cannot change without a new version: %s',
    (_change, replaced, by) => {
      const changed = shapesWith(replaced, by);
      expect(() => withCurrent(recorded, changed, versionOf)).toThrow(
        /TagsChanged has another shape .* upcaster/,
      );
      // With an upcaster it is a new version, and the old one stays known.
      const next = withCurrent(
        recorded,
        changed,
        (type) => versionOf(type) + (type === 'TagsChanged' ? 1 : 0),
      );
      expect(next['TagsChanged']).toEqual({ ...recorded['TagsChanged'], 2: changed['TagsChanged'] });
    },
    30_000,
  );

  it('stay readable for ever', () => {
    const { NoteRedacted: _gone, ...rest } = currentShapes();
    expect(() => withCurrent(recorded, rest, versionOf)).toThrow('NoteRedacted was stored once');
  }, 30_000);
});
