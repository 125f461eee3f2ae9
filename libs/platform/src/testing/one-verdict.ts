import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { compiledSchemaOf, type Accepts } from '../http/compiled-schema.js';
import { fieldsOf } from '../http/dto-fields.js';
import { explain } from '../http/explain.js';
import type { Dto, JsonSchema } from '../http/field-rule.js';
import { formats } from '../http/fields.js';
import { bodyOf } from './json-bodies.js';

const RUNS = 300;

type Module = new () => object;

/**
 * Tests that three judges agree on every body, query and path of an API: class-validator, the compiled schema
 * derived from the same decorators and, for classes that it shows, the checked-in OpenAPI document as a client
 * reads it.
 *
 * @param documentName of a file in docs/openapi, without `.json`
 */
export function describeOneVerdict(module: Module, documentName: string): void {
  const inDocument = documentSchemas(documentName);
  const dtos = dtosOf(module);

  describe.each(dtos.map((dto) => [dto.name, dto] as const))('%s', (name, dto) => {
    const accepts = compiledSchemaOf(dto);
    const shown = inDocument.get(name) ?? accepts;

    it('is good to all who judge it, or to none', () => {
      const verdicts = { good: 0, bad: 0 };
      fc.assert(
        fc.property(bodyOf(dto), (text) => {
          const body: unknown = JSON.parse(text);
          const expected = explain(dto, body).length === 0;
          verdicts[expected ? 'good' : 'bad']++;
          return accepts(body) === expected && shown(body) === expected;
        }),
        { numRuns: RUNS },
      );
      // Otherwise the runs would say nothing about good input, or about bad.
      expect(Math.min(verdicts.good, verdicts.bad)).toBeGreaterThan(RUNS / 50);
    });

    it('is so whatever JSON it is', () => {
      fc.assert(
        fc.property(fc.jsonValue({ maxDepth: 3 }), (body) => {
          const expected = explain(dto, body).length === 0;
          return accepts(body) === expected && shown(body) === expected;
        }),
      );
    });
  });

  it('shows every body in the document', () => {
    const bodies = dtos.filter(({ name }) => /(Body|Dto)$/.test(name)).map(({ name }) => name);
    expect(bodies.filter((name) => !inDocument.has(name))).toEqual([]);
    expect(bodies.length).toBeGreaterThan(0);
  });
}

/** Every class that a route takes as body, query or path, and every class in one of them. */
function dtosOf(module: Module): Dto[] {
  const found = new Set<Dto>();
  const add = (dto: Dto) => {
    if (found.has(dto) || fieldsOf(dto).size === 0) return;
    found.add(dto);
    for (const { dtos } of fieldsOf(dto).values()) dtos.forEach(add);
  };
  for (const { prototype } of Reflect.getMetadata('controllers', module) as { prototype: object }[]) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const types = Reflect.getMetadata('design:paramtypes', prototype, name) as
        (Dto | undefined)[] | undefined;
      types?.forEach((type) => type && add(type));
    }
  }
  return [...found];
}

/** The schemas of an OpenAPI document, each compiled by itself: they are JSON Schema. */
function documentSchemas(name: string): ReadonlyMap<string, Accepts> {
  const path = new URL(`../../../../docs/openapi/${name}.json`, import.meta.url);
  const { components } = JSON.parse(readFileSync(path, 'utf8')) as {
    components: { schemas: Record<string, JsonSchema> };
  };
  const compiler = new Ajv({ strict: false, unicode: false, logger: false, formats: { ...formats } });
  compiler.addSchema({ components }, 'document');
  return new Map(
    Object.keys(components.schemas).map((schema) => [
      schema,
      compiler.compile({ $ref: `document#/components/schemas/${schema}` }),
    ]),
  );
}
