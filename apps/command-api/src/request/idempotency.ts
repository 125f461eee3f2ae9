import { hash } from 'node:crypto';
import type { Principal } from '#platform/auth/principal.js';
import { ProblemError } from '#platform/problems/problems.js';
import { uuidV5 } from '#platform/uuid-v5.js';
import { canonicalJson } from './canonical-json.js';

/** Namespaces of the ids below. Never change them: a command sent again after a release must have the same id. */
const COMMANDS = '5c0d8f0e-7f5b-4f0c-9a6d-e0a4c1b7f2d3';
const ORDERS = 'a1f6b7c2-9d34-4e58-b0c3-5e7d9f2a6b14';

const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The value of the `Idempotency-Key` header, null when there is none.
 *
 * @throws ProblemError `idempotency_key_invalid`
 */
export function idempotencyKeyOf(header: string | readonly string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new ProblemError('idempotency_key_invalid');
}

/** The id of a request's command: the same sender, method, path and key give the same id. */
export function commandIdOf(
  sender: Pick<Principal, 'tenantId' | 'customerId' | 'clientId'>,
  method: string,
  path: string,
  key: string,
): string {
  const { tenantId, customerId, clientId } = sender;
  return uuidV5(JSON.stringify([tenantId, customerId ?? '', clientId, method, path, key]), COMMANDS);
}

/** The id of the order that a placing command creates, so that repetitions of the command meet in one stream. */
export function placedOrderIdOf(commandId: string): string {
  return uuidV5(commandId, ORDERS);
}

/**
 * The fingerprint of a validated body: 128 bits, as 32 hex digits, of its canonical JSON. Method and path are in
 * the command's id already; headers such as If-Match say when a command may run, not what it is.
 */
export function fingerprintOf(body: object): string {
  return hash('sha256', canonicalJson(body), 'hex').slice(0, 32);
}
