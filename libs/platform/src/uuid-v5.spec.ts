import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v5 } from 'uuid';
import { uuidV5 } from './uuid-v5.js';

it('makes the UUIDs that the package uuid makes', () => {
  const name = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(fc.property(name, fc.uuid(), (of, namespace) => uuidV5(of, namespace) === v5(of, namespace)));
  expect(uuidV5('www.example.com', '6ba7b810-9dad-11d1-80b4-00c04fd430c8')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2', // RFC 9562, A.4
  );
});
