import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import type { Dto } from './field-rule.js';
import { validated } from './validation.js';

const NOT_DTOS: ReadonlySet<unknown> = new Set([String, Number, Boolean, Array, Object, undefined]);

/** Validates every `@Body()`, `@Query()` and `@Param()` whose type is a DTO class. */
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    if (type === 'custom' || data !== undefined || NOT_DTOS.has(metatype)) return value;
    // A missing body counts as an empty object.
    const input = value === undefined && type === 'body' ? {} : value;
    return validated(metatype as Dto, input, type === 'body' ? 'json' : 'text');
  }
}
