import { fieldsOf } from '#platform/http/dto-fields.js';
import type { Dto, FieldRule } from '#platform/http/field-rule.js';

type Values = Readonly<Record<string, unknown>>;

/**
 * A comparison for the compiled schema: the same rules, one after another, without class-validator.
 * @returns the instance, or null where a rule refuses its value
 */
export function ruleByRule(dto: Dto, input: object): object | null {
  const fields = fieldsOf(dto);
  const values = input as Values;
  for (const name in values) if (!fields.has(name)) return null;
  const instance = new dto() as Record<string, unknown>;
  for (const [name, rule] of fields) {
    const value = values[name];
    if (rule.check(value) !== null) return null;
    if (value === undefined || value === null) instance[name] = rule.otherwise;
    else if (rule.nested) {
      const nested = nestedByRule(rule, value);
      if (nested === null) return null;
      instance[name] = nested;
    } else instance[name] = rule.normalise ? rule.normalise(value as never) : value;
  }
  return instance;
}

function nestedByRule(rule: FieldRule, value: object): object | null {
  if (!Array.isArray(value)) return ruleByRule(rule.nested!(value)!, value);
  const items = new Array<object>(value.length);
  for (let index = 0; index < items.length; index++) {
    const item = value[index] as object;
    const accepted = ruleByRule(rule.nested!(item)!, item);
    if (accepted === null) return null;
    items[index] = accepted;
  }
  return items;
}
