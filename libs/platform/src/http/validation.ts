import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import { ProblemError, type FieldProblem } from '../problems/problems.js';
import { FieldRule, parseRefusal, type Dto } from './field-rule.js';

/** More than these help nobody, and an answer is not to be larger than its request. */
const MAX_ERRORS = 50;

type Fields = ReadonlyMap<string, FieldRule>;
const plans = new WeakMap<Dto, Fields>();

/** Whether values are JSON, or texts from a query string or a path. */
export type Source = 'json' | 'text';

/**
 * Makes an instance of the DTO from what a client sent, with every field checked and in its one form.
 * Good input is accepted by the fields' own rules alone, compiled once per class; class-validator,
 * ten times slower, runs over refused input and says what is wrong with it.
 *
 * @throws ProblemError `validation_failed` with a pointer to every wrong or unknown field
 */
export function validated<T extends object>(dto: new () => T, input: unknown, source: Source): T {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    const error = { pointer: '', code: 'not_an_object', message: 'must be an object' };
    throw new ProblemError('validation_failed', { errors: [error] });
  }
  const accepted = accept(dto, input, source);
  if (accepted !== null) return accepted as T;
  throw new ProblemError('validation_failed', { errors: explain(dto, input, source) });
}

function accept(dto: Dto, input: object, source: Source): object | null {
  const fields = fieldsOf(dto);
  const values = input as Readonly<Record<string, unknown>>;
  for (const name in values) if (!fields.has(name)) return null;
  const instance = new dto() as Record<string, unknown>;
  for (const [name, rule] of fields) {
    const value = source === 'text' ? rule.fromText(values[name]) : values[name];
    if (rule.check(value) !== null) return null;
    if (rule.nested && value !== undefined && value !== null) {
      const nested = acceptNested(rule, value, source);
      if (nested === null) return null;
      instance[name] = nested;
    } else {
      instance[name] = rule.normalise(value);
    }
  }
  return instance;
}

function acceptNested(rule: FieldRule, value: unknown, source: Source): unknown {
  if (!Array.isArray(value)) return accept(rule.nested!(value as object)!, value as object, source);
  const items = new Array<object>(value.length);
  for (let index = 0; index < items.length; index++) {
    const item = value[index] as object;
    const accepted = accept(rule.nested!(item)!, item, source);
    if (accepted === null) return null;
    items[index] = accepted;
  }
  return items;
}

function explain(dto: Dto, input: object, source: Source): FieldProblem[] {
  const errors: FieldProblem[] = [];
  const draft = draftOf(dto, input, source, '', errors);
  const found = validateSync(draft, { forbidUnknownValues: false, validationError: { target: false } });
  for (const error of found) collect(error, '', errors);
  return errors.slice(0, MAX_ERRORS);
}

/** The instance as sent, for class-validator to judge; unknown fields are reported and left out. */
function draftOf(dto: Dto, input: object, source: Source, pointer: string, errors: FieldProblem[]): object {
  const fields = fieldsOf(dto);
  const draft = new dto() as Record<string, unknown>;
  for (const [name, value] of Object.entries(input)) {
    const at = `${pointer}/${escapePointer(name)}`;
    const rule = fields.get(name);
    if (rule !== undefined) draft[name] = draftField(rule, value, source, at, errors);
    else if (errors.length < MAX_ERRORS) {
      errors.push({ pointer: at, code: 'unknown_field', message: 'is unknown here' });
    }
  }
  return draft;
}

function draftField(
  rule: FieldRule,
  value: unknown,
  source: Source,
  at: string,
  errors: FieldProblem[],
): unknown {
  const read = source === 'text' ? rule.fromText(value) : value;
  if (!rule.nested || typeof read !== 'object' || read === null) return read;
  if (rule.check(read) !== null) return withoutListsInLists(read);
  if (!Array.isArray(read)) return draftOf(rule.nested(read)!, read, source, at, errors);
  return (read as object[]).map((item, index) =>
    draftOf(rule.nested!(item)!, item, source, `${at}/${index}`, errors),
  );
}

// class-validator goes down lists in lists as far as they go, beyond the end of the stack. No list of ours
// has one for an item, so an empty one is refused in the same words.
function withoutListsInLists(refused: object): object {
  if (!Array.isArray(refused)) return refused;
  return refused.map((item: unknown) => (Array.isArray(item) ? [] : item));
}

function collect(error: ValidationError, pointer: string, errors: FieldProblem[]): void {
  const at = `${pointer}/${escapePointer(error.property)}`;
  const own = Object.entries(error.constraints ?? {}).filter(([name]) => name !== 'nestedValidation');
  for (const [name, message] of own) errors.push({ pointer: at, ...parseRefusal(message, name) });
  // Below a value of the wrong shape there is nothing more to say.
  if (own.length === 0) for (const child of error.children ?? []) collect(child, at, errors);
}

function escapePointer(name: string): string {
  return name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
}

function fieldsOf(dto: Dto): Fields {
  const known = plans.get(dto);
  if (known) return known;
  const fields = new Map<string, FieldRule>();
  for (const { propertyName, constraints, type } of getMetadataStorage().getTargetValidationMetadatas(
    dto,
    '',
    false,
    false,
  )) {
    const rule = (constraints as unknown[] | undefined)?.[0];
    if (rule instanceof FieldRule) fields.set(propertyName, rule);
    // A bare class-validator decorator would be skipped by `accept`: a hole nobody would see.
    else if (type !== 'nestedValidation') {
      throw new Error(`${dto.name}.${propertyName} uses a decorator that is not in fields.ts (${type})`);
    }
  }
  plans.set(dto, fields);
  return fields;
}
