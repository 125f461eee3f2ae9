import { getMetadataStorage } from 'class-validator';
import { FieldRule, type Dto } from './field-rule.js';

/** The rules of a class's properties by name, including those of its base classes. */
export type Fields = ReadonlyMap<string, FieldRule>;

const known = new WeakMap<Dto, Fields>();

/** @throws Error where a property has a decorator that is not one of ours: nothing would check that property */
export function fieldsOf(dto: Dto): Fields {
  const before = known.get(dto);
  if (before) return before;
  const fields = new Map<string, FieldRule>();
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false);
  for (const { propertyName, constraints, type } of metadata) {
    const rule = (constraints as unknown[] | undefined)?.[0];
    if (rule instanceof FieldRule) fields.set(propertyName, rule);
    else if (type !== 'nestedValidation') {
      throw new Error(`${dto.name}.${propertyName} uses a decorator that is not in fields.ts (${type})`);
    }
  }
  known.set(dto, fields);
  return fields;
}
