import { schemaPathOf } from './documented.js';
import { fieldsOf } from './dto-fields.js';
import type { Dto, FieldRule, JsonSchema } from './field-rule.js';

/**
 * The JSON Schema (draft 7) of a class's JSON, derived from the decorators on its properties. The class and those
 * that it refers to stand under `components`, as in OpenAPI.
 *
 * @throws Error where two of these classes have the same name
 */
export function jsonSchemaOf(dto: Dto): JsonSchema {
  const found = new Map<string, Dto>();
  find(dto, found);
  const schemas = [...found.values()].map((one) => [one.name, objectSchema(one)] as const);
  return { $ref: schemaPathOf(dto), components: { schemas: Object.fromEntries(schemas) } };
}

function find(dto: Dto, found: Map<string, Dto>): void {
  const known = found.get(dto.name);
  if (known === dto) return;
  if (known) throw new Error(`two classes of one body are called ${dto.name}`);
  found.set(dto.name, dto);
  for (const { dtos } of fieldsOf(dto).values()) for (const nested of dtos) find(nested, found);
}

function objectSchema(dto: Dto): JsonSchema {
  const fields = [...fieldsOf(dto)];
  return {
    type: 'object',
    required: fields.filter(([, rule]) => rule.required).map(([name]) => name),
    properties: Object.fromEntries(fields.map(([name, rule]) => [name, valueSchema(rule)])),
    additionalProperties: false,
  };
}

/** A value that is not required may also be null. */
function valueSchema({ schema, required }: FieldRule): JsonSchema {
  if (required) return schema;
  const { type, enum: values } = schema;
  if (schema['$ref'] !== undefined || schema['oneOf'] !== undefined) {
    return { anyOf: [{ type: 'null' }, schema] };
  }
  return {
    ...schema,
    type: [type, 'null'],
    ...(values === undefined ? {} : { enum: [...(values as unknown[]), null] }),
  };
}
