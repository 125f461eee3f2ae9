/** The parts that the schemas of answers are made of, for the OpenAPI document. */

export type Schema = Readonly<Record<string, unknown>>;

export const text: Schema = { type: 'string' };
export const nullableText: Schema = { type: 'string', nullable: true };
export const time: Schema = { type: 'string', format: 'date-time' };
export const nullableTime: Schema = { ...time, nullable: true };
export const uuid: Schema = { type: 'string', format: 'uuid' };
export const integer: Schema = { type: 'integer' };
export const flag: Schema = { type: 'boolean' };
export const anything: Schema = {};

export const oneOf = (values: readonly string[]): Schema => ({ ...text, enum: [...values] });
export const orNull = (schema: Schema): Schema => ({ ...schema, nullable: true });
/** The schema, with what it means in this place. */
export const said = (schema: Schema, description: string): Schema => ({ ...schema, description });

export const listOf = (items: Schema): Schema => ({ type: 'array', items });

/** An object that always has all of these fields. */
export const object = (properties: Readonly<Record<string, Schema>>, description?: string): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  ...(description === undefined ? {} : { description }),
});

/** The same, with optional fields as well. */
export const objectWith = (
  properties: Readonly<Record<string, Schema>>,
  atTimes: Readonly<Record<string, Schema>>,
): Schema => ({ ...object(properties), properties: { ...properties, ...atTimes } });

export const nextCursor = said(
  nullableText,
  'Send it as `cursor` to get the next page; null: this is the last one.',
);

export const page = (items: Schema, atTimes: Readonly<Record<string, Schema>>): Schema =>
  objectWith(
    {
      items: said(listOf(items), 'The entries of the page.'),
      nextCursor,
    },
    atTimes,
  );
