import type { errors } from '@elastic/elasticsearch';

type Errors = typeof errors;

/**
 * Whether the error is the client's, and of one of these kinds. Told by the names of its classes, so that who asks does
 * not load the client, which a system without Elasticsearch has no use for.
 */
export function isClientError<K extends keyof Errors>(
  error: unknown,
  ...kinds: readonly K[]
): error is InstanceType<Errors[K]> {
  const classes = classesOf(error);
  return classes.includes('ElasticsearchClientError') && kinds.some((kind) => classes.includes(kind));
}

/** The names of a value's class and of all that it extends. */
function classesOf(value: unknown): string[] {
  const names: string[] = [];
  if (typeof value !== 'object' || value === null) return names;
  let prototype = Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null;
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype) as typeof prototype)
    names.push(prototype.constructor?.name ?? '');
  return names;
}
