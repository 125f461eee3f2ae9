import type { errors } from '@elastic/elasticsearch';

type Errors = typeof errors;

let thrown: Errors | null = null;

/** Tells of the classes of the client's errors. Nothing throws one before the client is loaded. */
export function clientThrows(classes: Errors): void {
  thrown = classes;
}

/** Whether the error is the client's, and of one of these kinds, without loading the client for the question. */
export function isClientError<K extends keyof Errors>(
  error: unknown,
  ...kinds: readonly K[]
): error is InstanceType<Errors[K]> {
  return kinds.some((kind) => thrown !== null && error instanceof thrown[kind]);
}
