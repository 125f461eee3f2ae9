import type { Operation } from './generated/operations.js';
import type { RawRequest } from './options.js';

/** A request before it has an address and headers. */
export interface Outgoing {
  readonly api: 'command' | 'query';
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** JSON. */
  readonly body: string | null;
  /** The one order that the request is about; null: no order, or a new one. */
  readonly orderId: string | null;
}

/**
 * Puts each field of the input where the operation takes it: into the path, the query, or else the body.
 *
 * @throws TypeError when a part of the path is missing or is `.` or `..`, or an operation without a body gets an
 * unknown field
 */
export function requestOf(operation: Operation, input: object): Outgoing {
  const fields = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const take = (name: string): unknown => {
    const value: unknown = fields.get(name);
    fields.delete(name);
    return value;
  };
  const orderId = operation.path.includes('{orderId}') ? (fields.get('orderId') as string) : null;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = take(name);
    if (typeof value !== 'string' || value === '') throw new TypeError(`${name} is missing`);
    // Encoding cannot help: URLs take `%2e` for a dot, too.
    if (value === '.' || value === '..')
      throw new TypeError(`${name} is ${value}, which leads to another path`);
    return encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const name of operation.query) {
    const values = [take(name) ?? []].flat() as (string | number | boolean)[];
    for (const value of values) query.append(name, String(value));
  }
  const { api, method, takesBody } = operation;
  const [unknown] = fields.keys();
  if (!takesBody && unknown !== undefined) throw new TypeError(`${operation.path} does not take ${unknown}`);
  return {
    api,
    method,
    path: query.size === 0 ? path : `${path}?${query.toString()}`,
    body: takesBody ? JSON.stringify(Object.fromEntries(fields)) : null,
    orderId,
  };
}

/** What URLs take for a step to the same folder or to the one above it. */
const DOTS = /[/\\](\.|%2e){1,2}([/\\]|$)/i;

/** @throws TypeError when the path leads to another place than it says, or to another host */
export function rawRequestOf({ body, ...request }: RawRequest): Outgoing {
  const [path] = request.path.split(/[?#]/, 1) as [string];
  if (!/^\/(?![/\\])/.test(path)) throw new TypeError(`the path "${path}" does not begin with a single /`);
  if (DOTS.test(path)) throw new TypeError(`the path ${path} leads to another one`);
  return { ...request, body: body === undefined ? null : JSON.stringify(body), orderId: null };
}
