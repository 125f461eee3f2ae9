import type { operations as CommandOperations } from './generated/command-api.js';
import type { operations as QueryOperations } from './generated/query-api.js';
import type { OperationName, operations } from './generated/operations.js';

type Described = CommandOperations & QueryOperations;
type Flat<T> = { [Field in keyof T]: T[Field] };
/** `unknown` where an operation takes nothing: `never` in the intersection would make the other places `never`. */
type OrNothing<Taken> = [Taken] extends [never] ? unknown : Taken;
type Place<Name extends OperationName, In extends 'path' | 'query'> = OrNothing<
  NonNullable<Described[Name]['parameters'][In]>
>;
type Body<Name extends OperationName> = Described[Name] extends {
  requestBody: { content: { 'application/json': infer Content } };
}
  ? Content
  : unknown;

/**
 * What an operation takes: the parameters of its path and query, and the fields of its body, in one object. No name
 * occurs in two of these places.
 */
export type Input<Name extends OperationName> = Flat<Place<Name, 'path'> & Place<Name, 'query'> & Body<Name>>;

type Success<Name extends OperationName> = Described[Name]['responses'] extends infer Responses
  ? Responses extends { 200: infer Ok } | { 201: infer Ok }
    ? Ok
    : never
  : never;

/** What an operation answers. */
export type Output<Name extends OperationName> =
  Success<Name> extends { content: { 'application/json': infer Content } } ? Content : never;

/** Lists in pages: `listOrders`, `searchOrders`, … and `listEvents`, the feed. */
export type PagedName = {
  [Name in OperationName]: (typeof operations)[Name]['pages'] extends null ? never : Name;
}[OperationName];

/** One item of a list. */
export type Item<Name extends PagedName> =
  Output<Name> extends { items: readonly (infer One)[] } ? One : never;

/** What an export takes. Its format is not a choice: the client reads NDJSON. */
export type ExportInput = Omit<Input<'exportOrders'>, 'format'>;
export type ExportedOrder =
  Success<'exportOrders'> extends { content: { 'application/x-ndjson': infer Content } } ? Content : never;

type MethodName = Exclude<OperationName, 'exportOrders'>;
type Arguments<Given, Options> =
  Record<never, never> extends Given ? [input?: Given, options?: Options] : [input: Given, options?: Options];

/** A method for each operation, by the name that the OpenAPI documents give it. It answers with the body. */
export type Operations<Options> = {
  readonly [Name in MethodName]: (...given: Arguments<Input<Name>, Options>) => Promise<Output<Name>>;
};
