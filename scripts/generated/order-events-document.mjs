import { readFile } from 'node:fs/promises';
import { asyncApiDocument } from '#integration-events/asyncapi-document.js';

/** docs/asyncapi/order-events.json: what the relay sends to Kafka. */
export async function orderEventsDocument() {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  return JSON.stringify(asyncApiDocument(version));
}
