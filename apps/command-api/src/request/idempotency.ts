import { hash } from 'node:crypto';
import type { Principal } from '#platform/auth/principal.js';
import { ProblemError } from '#platform/problems/problems.js';
import { uuidV5 } from '#platform/uuid-v5.js';
import { canonicalJson } from './canonical-json.js';

/** Never to change: a command sent again after a release must be the same command. */
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

/** The command that a request is: the same sender, address and key make the same command. */
export function commandIdOf(
  sender: Pick<Principal, 'tenantId' | 'customerId' | 'clientId'>,
  method: string,
  path: string,
  key: string,
): string {
  const { tenantId, customerId, clientId } = sender;
  return uuidV5(JSON.stringify([tenantId, customerId ?? '', clientId, method, path, key]), COMMANDS);
}

/** The order that a placing command makes: two attempts at the same command meet in one stream. */
export function placedOrderIdOf(commandId: string): string {
  return uuidV5(commandId, ORDERS);
}

/**
 * 128 bits, as 32 hex digits, of what a validated body says. Method and path are in the command's id
 * already; headers such as If-Match say when a command may run, not what it is.
 */
export function fingerprintOf(body: object): string {
  return hash('sha256', canonicalJson(body), 'hex').slice(0, 32);
}
