/**
 * The error among an error and its causes that Kafka itself answered with one of these types.
 * @param types names of error codes of Kafka's protocol, as kafkajs has them
 * @returns null where there is none
 */
export function answeredError(error: unknown, types: ReadonlySet<string>): Error | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type } = cause as { type?: string };
    if (type !== undefined && types.has(type)) return cause;
  }
  return null;
}
