import { applyDecorators } from '@nestjs/common';
import { ValidateBy, ValidateNested, type ValidationArguments } from 'class-validator';
import { pointerTo } from '../json-pointer.js';
import { ApiExtraModels, ApiProperty } from './documented.js';

export type Dto = new () => object;

/** JSON Schema, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Why a value is refused: a code for programs and a sentence for people. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** Where in the value, as a JSON pointer (RFC 6901) such as `/3`; if absent, it is the whole value. */
  readonly at?: string;
}

export interface FieldOptions {
  /** Absent and null are the same, and the handler sees null. */
  optional?: boolean;
  /** What the handler sees where the field is absent or null. */
  otherwise?: unknown;
  description?: string;
  example?: unknown;
}

export interface FieldRuleDefinition {
  /** Null when the value is fine. Never called with undefined or null. */
  readonly check: (value: unknown) => Refusal | null;
  /** Accepts exactly what `check` does, except that objects of other classes are for their own schemas. */
  readonly schema: JsonSchema;
  /** Brings an accepted value into its one form (ids to lower case, times to UTC). */
  readonly normalise?: (value: never) => unknown;
  /** Reads the value from a query string; what it cannot read is left for `check` to refuse. */
  readonly fromText?: (text: string) => unknown;
  /** Which class an object here (or each item of a list) becomes. */
  readonly nested?: (value: object) => Dto | null;
  /** All that `nested` can answer. */
  readonly dtos?: readonly Dto[];
}

/** What a field decorator says about its property: the constraint that class-validator keeps for it. */
export class FieldRule {
  readonly #definition: FieldRuleDefinition;
  /** If false, absent and null are accepted and become `otherwise`. */
  readonly required: boolean;
  readonly otherwise: unknown;

  constructor(definition: FieldRuleDefinition, options: FieldOptions) {
    this.#definition = definition;
    this.required = options.optional !== true && options.otherwise === undefined;
    this.otherwise = options.otherwise ?? null;
  }

  /** The schema of a value that is neither absent nor null. */
  get schema(): JsonSchema {
    return this.#definition.schema;
  }

  get normalise(): FieldRuleDefinition['normalise'] {
    return this.#definition.normalise;
  }

  get fromText(): FieldRuleDefinition['fromText'] {
    return this.#definition.fromText;
  }

  get nested(): FieldRuleDefinition['nested'] {
    return this.#definition.nested;
  }

  get dtos(): readonly Dto[] {
    return this.#definition.dtos ?? [];
  }

  /** Null when the value is fine. */
  check(value: unknown): Refusal | null {
    if (value !== undefined && value !== null) return this.#definition.check(value);
    if (!this.required) return null;
    return { code: 'required', message: value === null ? 'is required and must not be null' : 'is required' };
  }
}

/**
 * class-validator keeps one message per constraint. Ours is a refusal as JSON. It has no `$`, since class-validator
 * puts something else in the place of `$property` and the like, which a client's own name may contain.
 */
const messageOf = ({ code, message, at = '' }: Refusal) =>
  JSON.stringify([code, message, at]).replaceAll('$', '\\u0024');

export function parseRefusal(message: string, fallbackCode: string): Required<Refusal> {
  if (!message.startsWith('[')) return { code: fallbackCode, message, at: '' };
  const [code, sentence, at] = JSON.parse(message) as [string, string, string];
  return { code, message: sentence, at };
}

/** A step to a name that the client gave: a long one is cut. */
export function pointerToGiven(name: string): string {
  return pointerTo(name.slice(0, 100));
}

/** A property decorator: one rule for class-validator, and for the JSON Schema that OpenAPI shows too. */
export function field(
  name: string,
  definition: FieldRuleDefinition,
  options: FieldOptions = {},
): PropertyDecorator {
  const rule = new FieldRule(definition, options);
  const explain = ({ value }: ValidationArguments) => {
    const refusal = rule.check(value);
    return refusal === null ? '' : messageOf(refusal);
  };
  const validate = ValidateBy({
    name,
    constraints: [rule],
    validator: { validate: (value) => rule.check(value) === null, defaultMessage: (args) => explain(args!) },
  });
  const decorate = applyDecorators(
    validate,
    ...(rule.nested ? [ValidateNested()] : []),
    ApiProperty({
      ...inOpenApi(rule),
      required: rule.required,
      ...(options.otherwise === undefined ? {} : { default: options.otherwise }),
      ...(options.description === undefined ? {} : { description: options.description }),
      ...(options.example === undefined ? {} : { example: options.example }),
    }),
  );
  return (target, property) => {
    // OpenAPI describes a class only when something mentions it by name.
    if (rule.dtos.length > 0) ApiExtraModels(...rule.dtos)(target.constructor);
    decorate(target, property);
  };
}

/** The rule's schema as @nestjs/swagger takes it: it turns `nullable` into the type null. */
function inOpenApi({ schema, required }: FieldRule): JsonSchema {
  const { $ref, ...rest } = schema;
  return {
    ...rest,
    ...($ref === undefined ? {} : { allOf: [{ $ref }] }),
    ...(required ? {} : { nullable: true }),
  };
}
