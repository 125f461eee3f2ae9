import type { Operation } from './generated/operations.js';

/** Whether a body is at all of the kind that the operation has: whoever else is at that address may send any JSON. */
export function isAnswerTo({ api, pages }: Operation, body: unknown): boolean {
  if (api === 'command') return isCommandAnswer(body);
  return isObject(body) && (pages === null || ('items' in body && Array.isArray(body.items)));
}

/** Whether a body is at all an answer to a command. */
export function isCommandAnswer(body: unknown): boolean {
  if (!isObject(body) || !('orderId' in body && 'events' in body)) return false;
  return typeof body.orderId === 'string' && Array.isArray(body.events);
}

function isObject(body: unknown): body is object {
  return typeof body === 'object' && body !== null && !Array.isArray(body);
}
