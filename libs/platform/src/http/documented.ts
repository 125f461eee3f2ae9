/**
 * The decorators of @nestjs/swagger that our classes and routes have. They are applied when somebody asks for the
 * OpenAPI document: loading that package takes a fifth of an API's start, and few processes are ever asked.
 */
import type * as Swagger from '@nestjs/swagger';

type Decorator = (...decorated: unknown[]) => void;
type Factories = Record<string, (...options: unknown[]) => Decorator>;

/** In the order in which they decorate. */
const notApplied: ((swagger: Factories) => void)[] = [];

export const ApiBearerAuth = deferred('ApiBearerAuth');
export const ApiExtraModels = deferred('ApiExtraModels');
export const ApiHeader = deferred('ApiHeader');
export const ApiOperation = deferred('ApiOperation');
export const ApiProperty = deferred('ApiProperty');
export const ApiQuery = deferred('ApiQuery');
export const ApiResponse = deferred('ApiResponse');

function deferred<Name extends keyof typeof Swagger>(name: Name): (typeof Swagger)[Name] {
  const factory =
    (...options: unknown[]): Decorator =>
    (...decorated) =>
      void notApplied.push((swagger) => swagger[name]!(...options)(...decorated));
  return factory as unknown as (typeof Swagger)[Name];
}

/** Knows all that was decorated so far. */
export async function loadSwagger(): Promise<typeof Swagger> {
  const swagger = await import('@nestjs/swagger');
  for (const apply of notApplied.splice(0)) apply(swagger as unknown as Factories);
  return swagger;
}

/** Where the document has the schema of a class. */
export function schemaPathOf({ name }: { readonly name: string }): string {
  return `#/components/schemas/${name}`;
}
