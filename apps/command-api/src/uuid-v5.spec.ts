import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import { uuidBytes, uuidV5 } from './uuid-v5.js';

describe('a UUID of version 5', () => {
  it('is what everyone else makes of the same names', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.string({ unit: 'grapheme' }), (namespace, name) => {
        expect(uuidV5(uuidBytes(namespace), name)).toBe(v5(name, namespace));
      }),
    );
  });
});
