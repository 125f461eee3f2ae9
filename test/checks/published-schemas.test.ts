import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  currentSchemas,
  withPublished,
  type PublishedSchemas,
} from '../../scripts/generated/published-schemas.mjs';

const recordedFile = new URL('../../libs/integration-events/golden/schemas.json', import.meta.url);
const recorded = JSON.parse(readFileSync(recordedFile, 'utf8')) as PublishedSchemas;
const PLACED = 'orderlog.order.placed.v1';

/** A schema that can be changed, of which every part that a test names is there. */
interface Draft {
  type: unknown;
  minimum?: number;
  pattern?: string;
  items: Draft;
  required: string[];
  properties: Record<string, Draft> & Record<'lines' | 'number' | 'revision', Draft>;
}

/** The schemas as they would be with another one of placed orders. */
function placedWith(change: (schema: Draft) => void): PublishedSchemas {
  const current = structuredClone(currentSchemas());
  change(current[PLACED] as Draft);
  return current;
}

describe('published schemas', () => {
  it('are as recorded', () => {
    expect(withPublished(recorded, currentSchemas())).toEqual(recorded);
  });

  it.each<[string, (schema: Draft) => void, RegExp]>([
    ['a field gone', (s) => delete s.properties['tags'], /data\/tags is gone/],
    [
      'a field of a line gone',
      (s) => delete s.properties.lines.items.properties['sku'],
      /lines\/sku is gone/,
    ],
    ['a field that may be missing', (s) => s.required.splice(0, 1), /tenantId may be missing/],
    ['another type', (s) => (s.properties.number.type = 'integer'), /data\/number \(type\)/],
    ['null where none was', (s) => (s.properties.number.type = ['string', 'null']), /data\/number \(type\)/],
    ['a looser bound', (s) => delete s.properties.revision.minimum, /data\/revision \(minimum\)/],
    ['a pattern more', (s) => (s.properties.number.pattern = '.'), /data\/number has pattern/],
  ])('cannot change for their readers without a new version: %s', (_what, change, why) => {
    const changed = placedWith(change);
    expect(() => withPublished(recorded, changed)).toThrow(why);
    // As a new version it may, and the old one stays on record.
    const { [PLACED]: next, ...others } = changed;
    const published = withPublished(recorded, { ...others, 'orderlog.order.placed.v2': next! });
    expect(published[PLACED]).toEqual(recorded[PLACED]);
    expect(published['orderlog.order.placed.v2']).toEqual(next);
  });

  it('may have a field more, which is published from then on', () => {
    const more = placedWith((s) => (s.properties['channel'] = { ...s.properties.number }));
    const published = withPublished(recorded, more);
    expect(published[PLACED]).toEqual(more[PLACED]);
    expect(() => withPublished(published, currentSchemas())).toThrow(/data\/channel is gone/);
  });

  it('are published for ever, and never in an older version', () => {
    const { [PLACED]: placed, ...others } = currentSchemas();
    expect(() => withPublished(recorded, others)).toThrow(`${PLACED} was published once`);
    const later = { ...others, 'orderlog.order.placed.v2': placed! };
    expect(() => withPublished(later, currentSchemas())).toThrow(/orderlog\.order\.placed\.v1 is older/);
  });
});
