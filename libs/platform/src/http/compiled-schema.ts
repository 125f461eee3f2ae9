import { Ajv } from 'ajv';
import type { Dto, JsonSchema } from './field-rule.js';
import { formats } from './fields.js';
import { jsonSchemaOf } from './json-schema.js';

/** Whether a value is as a class's decorators say. */
export type Accepts = (value: unknown) => boolean;

// Lengths are UTF-16 units, as class-validator counts them. The checks that tell of a schema's mistakes stay on, but for
// those about types, which expect every keyword of a type beside its name.
const compiler = new Ajv({
  strict: true,
  strictTypes: false,
  unicode: false,
  logger: false, // it would say that JSON Schema itself counts characters
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

/** Which class a discriminator's value stands for says each class itself, and the compiler reads it there. */
function withoutMappings(schema: JsonSchema): JsonSchema {
  return JSON.parse(
    JSON.stringify(schema, (name, value: unknown) => (name === 'mapping' ? undefined : value)),
  ) as JsonSchema;
}
