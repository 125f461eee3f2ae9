import { ProblemError, type FieldProblem } from '../problems/problems.js';
import { compiledSchemaOf, type Accepts } from './compiled-schema.js';
import { fieldsOf } from './dto-fields.js';
import { explain } from './explain.js';
import type { Dto, FieldRule } from './field-rule.js';

/** Whether values are JSON, or texts from a query string or a path. */
export type Source = 'json' | 'text';

/** What is made of a class's decorators when it is first used. */
interface Plan {
  readonly accepts: Accepts;
  readonly entries: readonly (readonly [string, FieldRule])[];
  readonly reads: readonly (readonly [string, (text: string) => unknown])[];
}

const plans = new WeakMap<Dto, Plan>();

/**
 * Makes an instance of the DTO from a client's input, with every field checked and normalised. The class's
 * compiled schema decides whether the input is good. class-validator is many times slower: it runs only over
 * refused input, to tell what is wrong with it.
 *
 * @throws ProblemError `validation_failed` with a pointer to every wrong or unknown field
 */
export function validated<T extends object>(dto: new () => T, input: unknown, source: Source): T {
  const plan = planOf(dto);
  const value = source === 'text' ? readTexts(plan, input) : input;
  if (plan.accepts(value)) return instanceOf(dto, plan, value as Values) as T;
  const errors = explain(dto, value);
  // The two are derived from the same rules, and a property test holds them to the same verdict.
  if (errors.length === 0) throw new Error(`the schema of ${dto.name} refuses what its rules accept`);
  throw new ProblemError('validation_failed', {
    errors: source === 'text' ? repetitionsTold(dto, value as Values, errors) : errors,
  });
}

/** A name that comes twice in a query has a list of texts. A field that takes none is told about that instead. */
function repetitionsTold(dto: Dto, values: Values, errors: readonly FieldProblem[]): FieldProblem[] {
  const fields = fieldsOf(dto);
  return errors.map((error) => {
    const name = error.pointer.slice(1);
    const type = fields.get(name)?.schema['type'];
    if (type === undefined || type === 'array' || !Array.isArray(values[name])) return error;
    return { pointer: error.pointer, code: 'repeated', message: 'must be given once' };
  });
}

type Values = Readonly<Record<string, unknown>>;

function instanceOf(dto: Dto, { entries }: Plan, values: Values): object {
  const instance = new dto() as Record<string, unknown>;
  for (const [name, rule] of entries) {
    const value = values[name];
    if (value === undefined || value === null) instance[name] = rule.otherwise;
    else if (rule.nested) instance[name] = nestedInstance(rule.nested, value);
    else instance[name] = rule.normalise ? rule.normalise(value as never) : value;
  }
  return instance;
}

function nestedInstance(classOf: NonNullable<FieldRule['nested']>, value: object): object {
  if (Array.isArray(value)) return value.map((item: object) => nestedInstance(classOf, item));
  const dto = classOf(value)!;
  return instanceOf(dto, planOf(dto), value as Values);
}

/** Queries and paths are flat: each text is read as its field wants it. */
function readTexts({ reads }: Plan, input: unknown): unknown {
  if (reads.length === 0 || typeof input !== 'object' || input === null) return input;
  const values: Record<string, unknown> = { ...input };
  for (const [name, read] of reads) {
    const text = values[name];
    if (typeof text === 'string') values[name] = read(text);
  }
  return values;
}

function planOf(dto: Dto): Plan {
  const known = plans.get(dto);
  if (known) return known;
  const entries = [...fieldsOf(dto)];
  const reads = entries.flatMap(([name, { fromText }]) => (fromText ? [[name, fromText] as const] : []));
  const plan = { entries, reads, accepts: compiledSchemaOf(dto) };
  plans.set(dto, plan);
  return plan;
}
