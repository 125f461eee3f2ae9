import { validateSync, type ValidationError } from 'class-validator';
import type { FieldProblem } from '../problems/problems.js';
import { fieldsOf } from './dto-fields.js';
import { parseRefusal, pointerToGiven, type Dto, type FieldRule, type Refusal } from './field-rule.js';

/** More errors would help nobody, and an answer should not be larger than its request. */
const MAX_ERRORS = 50;

/** What class-validator finds wrong with a client's input, each with its pointer; empty: the input is good. */
export function explain(dto: Dto, input: unknown): FieldProblem[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return [{ pointer: '', code: 'not_an_object', message: 'must be an object' }];
  }
  const errors: FieldProblem[] = [];
  const draft = draftOf(dto, input, '', errors);
  const found = validateSync(draft, { forbidUnknownValues: false, validationError: { target: false } });
  for (const error of found) collect(error, '', errors);
  return errors.slice(0, MAX_ERRORS);
}

/** The instance as sent, for class-validator to judge; unknown fields are reported and left out. */
function draftOf(dto: Dto, input: object, pointer: string, errors: FieldProblem[]): object {
  const fields = fieldsOf(dto);
  const draft = new dto() as Record<string, unknown>;
  for (const [name, value] of Object.entries(input)) {
    const at = pointer + pointerToGiven(name);
    const rule = fields.get(name);
    if (rule !== undefined) draft[name] = draftField(rule, value, at, errors);
    else if (errors.length < MAX_ERRORS) {
      errors.push({ pointer: at, code: 'unknown_field', message: 'is not a known field' });
    }
  }
  return draft;
}

function draftField(rule: FieldRule, value: unknown, at: string, errors: FieldProblem[]): unknown {
  if (!rule.nested || typeof value !== 'object' || value === null) return value;
  const refusal = rule.check(value);
  if (refusal !== null) return harmless(value, refusal);
  if (!Array.isArray(value)) return draftOf(rule.nested(value)!, value, at, errors);
  return (value as object[]).map((item, index) =>
    draftOf(rule.nested!(item)!, item, `${at}/${index}`, errors),
  );
}

// Makes a refused value safe for class-validator. It descends into lists within lists until the stack overflows,
// and takes a member called `constructor` for the class of an object. No list of ours holds lists, so an empty
// list is refused in the same words. No field of ours is called `constructor`. A list that is refused as a whole is
// judged by its length alone: looking at each item of a full body would keep all others waiting for seconds.
function harmless(refused: object, { at }: Refusal): object {
  if (!Array.isArray(refused)) return withoutConstructor(refused);
  if (at === undefined) return new Array<undefined>(refused.length);
  return refused.map((item: unknown) => {
    if (Array.isArray(item)) return [];
    return typeof item === 'object' && item !== null ? withoutConstructor(item) : item;
  });
}

function withoutConstructor(refused: object): object {
  const { constructor: _, ...others } = refused;
  return others;
}

function collect(error: ValidationError, pointer: string, errors: FieldProblem[]): void {
  const at = pointer + pointerToGiven(error.property);
  const own = Object.entries(error.constraints ?? {}).filter(([name]) => name !== 'nestedValidation');
  for (const [name, text] of own) {
    const { code, message, at: within } = parseRefusal(text, name);
    errors.push({ pointer: at + within, code, message });
  }
  // Below a value of the wrong shape there is nothing more to say.
  if (own.length === 0) for (const child of error.children ?? []) collect(child, at, errors);
}
