/** JSON Schema (draft 7), as far as it is used here. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly const?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
}

/** A described field of a message, with the TypeScript type of its values. */
export interface Field<T> {
  readonly schema: JsonSchema;
  /** Never set: it only carries the type. */
  readonly value?: T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;
export type Values<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

const field = <T>(schema: JsonSchema): Field<T> => ({ schema });

export const text = (description: string): Field<string> => field({ type: 'string', description });
export const textOrNull = (description: string): Field<string | null> =>
  field({ type: ['string', 'null'], description });

/** The id of something within an order. Its form is not promised. */
export const id = (description: string): Field<string> => field({ type: 'string', description });
export const idOrNull = (description: string): Field<string | null> =>
  field({ type: ['string', 'null'], description });

/** A whole number, from `minimum` on. */
export const count = (description: string, minimum = 0): Field<number> =>
  field({ type: 'integer', minimum, description });

/** Money, as a whole number of the order's currency's smallest unit: pence, cents. */
export const minor = (description: string): Field<number> =>
  field({ type: 'integer', minimum: 0, description: `${description} In minor units of \`currency\`.` });
export const minorOrNull = (description: string): Field<number | null> =>
  field({
    type: ['integer', 'null'],
    minimum: 0,
    description: `${description} In minor units of \`currency\`.`,
  });

export const currency = (description: string): Field<string> =>
  field({ type: 'string', pattern: '^[A-Z]{3}$', description });

export const flag = (description: string): Field<boolean> => field({ type: 'boolean', description });

export const oneOf = <const T extends string>(values: readonly T[], description: string): Field<T> =>
  field({ type: 'string', enum: values, description });

export const list = <T>(items: Field<T>, description: string): Field<readonly T[]> =>
  field({ type: 'array', items: items.schema, description });

/** Names and values that the caller chose. */
export const texts = (description: string): Field<Readonly<Record<string, string>>> =>
  field({ type: 'object', additionalProperties: { type: 'string' }, description });

/** All fields are always there, and no others: a field without a value is null. */
export const object = <const F extends Fields>(fields: F, description: string): Field<Values<F>> =>
  field({ ...objectSchema(fields), description });

export const objectOrNull = <const F extends Fields>(
  fields: F,
  description: string,
): Field<Values<F> | null> => field({ ...objectSchema(fields), type: ['object', 'null'], description });

/** One of several objects, told apart by `kind`. */
export const kinds = <const K extends Readonly<Record<string, Fields>>>(
  byKind: K,
  description: string,
): Field<{ [Kind in keyof K]: { readonly kind: Kind } & Values<K[Kind]> }[keyof K]> =>
  field({
    description,
    oneOf: Object.entries(byKind).map(([kind, fields]) =>
      objectSchema({ kind: field({ type: 'string', const: kind }), ...fields }),
    ),
  });

export function objectSchema(fields: Fields): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
    required: Object.keys(fields),
    additionalProperties: false,
  };
}
