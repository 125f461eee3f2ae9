import { describe, expect, it } from '@jest/globals';
import { beingBuilt } from './build-watch.js';

const active = { id: 1, role: 'active', state: 'ready', ofThisRelease: true } as const;
const building = { id: 2, role: null, state: 'building', ofThisRelease: true } as const;

describe('what is built before queries can be answered', () => {
  it('is nothing where they are answered from what is kept', () => {
    expect(beingBuilt([])).toBeNull();
    expect(beingBuilt([active])).toBeNull();
    expect(beingBuilt([active, building])).toBeNull(); // the second one is a replay, beside the active one
  });

  it('is what this release makes in place of another one', () => {
    const earlier = { ...active, ofThisRelease: false };
    expect(beingBuilt([earlier])).toBeNull();
    expect(beingBuilt([earlier, building])).toBe(building);
    expect(beingBuilt([earlier, { ...building, state: 'failed' }])).toBeNull();
  });

  it('is what it makes in place of what was set aside', () => {
    const aside = { ...active, state: 'set_aside' } as const;
    expect(beingBuilt([aside])).toBeNull();
    expect(beingBuilt([aside, building])).toBe(building);
  });
});
