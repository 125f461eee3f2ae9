import { Ajv } from 'ajv';
import type { Dto, JsonSchema } from './field-rule.js';
import { formats } from './fields.js';
import { jsonSchemaOf } from './json-schema.js';

/** Whether a value satisfies a class's decorators. */
export type Accepts = (value: unknown) => boolean;

// Lengths are UTF-16 units, as class-validator counts them. Ajv's strict checks of the schema stay on, except
// those about types: they expect each keyword beside the `type` that it belongs to.
const compiler = new Ajv({
  strict: true,
  strictTypes: false,
  unicode: false,
  logger: false, // it would warn that JSON Schema itself counts characters
  discriminator: true,
  formats: { ...formats },
  keywords: ['components'],
});

/** A class's schema as one function. */
export function compiledSchemaOf(dto: Dto): Accepts {
  return compiled(jsonSchemaOf(dto));
}

/** @param schema as `jsonSchemaOf` gives it */
export function compiled(schema: JsonSchema): Accepts {
  return compiler.compile(withoutMappings(schema) as object);
}

/** Drops `mapping`: the compiler reads the discriminator's value of each class from that class's own schema. */
function withoutMappings(schema: JsonSchema): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (name, value: unknown) => (name === 'mapping' ? undefined : value)),
  ) as JsonSchema;
}
