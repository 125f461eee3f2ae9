import type { EventMetadata } from './port.js';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const FINGERPRINT = /^[0-9a-f]{32}$/;
const ACTORS: ReadonlySet<unknown> = new Set(['customer', 'user', 'service']);

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string' && value !== '';
const textOrNull: Check = (value) => value === null || text(value);

const checks: Readonly<Record<keyof EventMetadata, Check>> = {
  tenantId: text,
  commandId: text,
  fingerprint: (value) => typeof value === 'string' && FINGERPRINT.test(value),
  correlationId: text,
  causationId: textOrNull,
  actor: (value) => typeof value === 'object' && value !== null && isActor(value),
  recordedAt: isInstant,
  schemaVersion: (value) => Number.isSafeInteger(value) && (value as number) >= 1,
  traceparent: textOrNull,
};
const checked = Object.entries(checks);

/** The stored metadata, unchanged; or a sentence that says which field is missing or wrong. */
export function checkedMetadata(stored: unknown): EventMetadata | string {
  if (typeof stored !== 'object' || stored === null) return 'it has no metadata';
  const fields = stored as Record<string, unknown>;
  for (const [name, check] of checked) {
    if (!check(fields[name])) return `its metadata has no valid ${name}`;
  }
  return stored as EventMetadata;
}

export function isInstant(value: unknown): boolean {
  return typeof value === 'string' && INSTANT.test(value);
}

function isActor({ type, id }: { type?: unknown; id?: unknown }): boolean {
  return ACTORS.has(type) && text(id);
}
