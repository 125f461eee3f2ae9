import { readTopic } from '../../support/read-topic.js';
import type { MessageFact } from '../checker/facts.js';

/** Every message of a topic, in the order of each partition. */
export async function loadMessages(brokers: string, topic: string): Promise<readonly MessageFact[]> {
  const messages: MessageFact[] = [];
  await readTopic({ brokers: brokers.split(','), topic }, ({ partition, key, headers, value }) =>
    messages.push({ partition, key, headers, value }),
  );
  return messages;
}
