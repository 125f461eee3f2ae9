import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy, ValidateNested, type ValidationArguments } from 'class-validator';

export type Dto = new () => object;

/** Why a value is refused: a code for programs and a sentence for people. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export interface FieldOptions {
  /** Absent and null are the same, and the handler sees null. */
  optional?: boolean;
  /** What the handler sees where the field is absent. */
  otherwise?: unknown;
  description?: string;
  example?: unknown;
}

export interface FieldRuleDefinition {
  /** Null when the value is fine. Never called with undefined, nor with null unless `nullable`. */
  readonly check: (value: unknown) => Refusal | null;
  /** Brings an accepted value into its one form (ids to lower case, times to UTC). */
  readonly normalise?: (value: never) => unknown;
  /** Reads the value from a query string; what it cannot read is left for `check` to refuse. */
  readonly fromText?: (text: string) => unknown;
  /** Which class an object here (or each item of a list) becomes. */
  readonly nested?: (value: object) => Dto | null;
  /** Null is a value of its own here. */
  readonly nullable?: boolean;
}

/** What a field decorator says about its property: the constraint that class-validator keeps for it. */
export class FieldRule {
  readonly #definition: FieldRuleDefinition;
  readonly required: boolean;
  readonly otherwise: unknown;

  constructor(definition: FieldRuleDefinition, options: FieldOptions) {
    this.#definition = definition;
    this.required = options.optional !== true && options.otherwise === undefined;
    this.otherwise = options.otherwise ?? null;
  }

  get nested(): FieldRuleDefinition['nested'] {
    return this.#definition.nested;
  }

  /** Null when the value is fine. */
  check(value: unknown): Refusal | null {
    if (value === undefined) return this.required ? { code: 'required', message: 'is required' } : null;
    if (value === null) {
      if (!this.required || this.#definition.nullable) return null;
      return { code: 'required', message: 'is required and not null' };
    }
    return this.#definition.check(value);
  }

  /** The accepted value as the handler sees it. */
  normalise(value: unknown): unknown {
    if (value === undefined || value === null) return this.otherwise;
    return this.#definition.normalise ? this.#definition.normalise(value as never) : value;
  }

  fromText(value: unknown): unknown {
    return typeof value === 'string' && this.#definition.fromText ? this.#definition.fromText(value) : value;
  }
}

/** class-validator keeps one sentence per constraint; ours carries the code before it. */
const CODE_END = '\t';

export function parseRefusal(message: string, fallbackCode: string): Refusal {
  const end = message.indexOf(CODE_END);
  if (end < 0) return { code: fallbackCode, message };
  return { code: message.slice(0, end), message: message.slice(end + 1) };
}

/** A property decorator: one rule for class-validator, one line for OpenAPI. */
export function field(
  name: string,
  definition: FieldRuleDefinition,
  schema: ApiPropertyOptions,
  options: FieldOptions = {},
): PropertyDecorator {
  const rule = new FieldRule(definition, options);
  const explain = ({ value }: ValidationArguments) => {
    const refusal = rule.check(value);
    return refusal === null ? '' : refusal.code + CODE_END + refusal.message;
  };
  const validate = ValidateBy({
    name,
    constraints: [rule],
    validator: { validate: (value) => rule.check(value) === null, defaultMessage: (args) => explain(args!) },
  });
  const nullable = options.optional === true || definition.nullable === true;
  return applyDecorators(
    validate,
    ...(definition.nested ? [ValidateNested()] : []),
    ApiProperty({
      ...schema,
      required: rule.required,
      ...(nullable ? { nullable: true } : {}),
      ...(options.otherwise === undefined ? {} : { default: options.otherwise }),
      ...(options.description === undefined ? {} : { description: options.description }),
      ...(options.example === undefined ? {} : { example: options.example }),
    } as ApiPropertyOptions),
  );
}
