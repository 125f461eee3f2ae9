import { describe, expect, it } from '@jest/globals';
import { clientOperations } from '../../scripts/generated/client-types.mjs';

const named = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { type: 'string' }]));

/** What is generated from the document of one operation, which takes an `id` in its path. */
function generatedWith(query: readonly string[], schema: object): Promise<string> {
  const parameters = [{ name: 'id', in: 'path' }, ...query.map((name) => ({ name, in: 'query' }))];
  const content = { 'application/json': { schema } };
  const post = { operationId: 'noteIt', parameters, requestBody: { content }, responses: {} };
  const components = { schemas: { Note: { properties: named('text', 'dryRun') } } };
  return clientOperations({
    command: async () => JSON.stringify({ paths: { '/v1/orders/{id}/notes': { post } }, components }),
  });
}

describe("the client's table of operations", () => {
  it('has an operation whose names all differ', async () => {
    expect(await generatedWith(['limit'], { $ref: '#/components/schemas/Note' })).toContain(
      '"query":["limit"]',
    );
  });

  // In one object, the client could not tell the two apart.
  it.each<[string, readonly string[], object]>([
    ['path and query', ['id'], { properties: {} }],
    ['query and body', ['dryRun'], { $ref: '#/components/schemas/Note' }],
    ['path and body', [], { properties: named('text', 'id') }],
  ])('is not made where a name stands in %s', async (_, query, schema) => {
    await expect(generatedWith(query, schema)).rejects.toThrow(/noteIt takes (id|dryRun) in two places/);
  });
});
