/**
 * One order's commands, as requests to be sent one after the other. `{name}` in a route, and as the whole
 * of an id in a body, stands for an id that an earlier command of the script made; `{lines.0}` is the
 * first line placed.
 */
export interface OrderScript {
  /** What people call it: the invoice's number, the line's key. */
  readonly name: string;
  /** Starts every Idempotency-Key of the script: the same order has the same in every run. */
  readonly key: string;
  /**
   * Whether each command is only for the order as the one before left it. Needed where one may find nothing to
   * do: the order does not remember such a command, which must not be done again to what came of it later.
   */
  readonly guarded: boolean;
  readonly steps: readonly ScriptStep[];
}

export interface ScriptStep {
  /** `place`, or the route below the order: `confirm`, `shipments/{parcel}/dispatch`. */
  readonly do: string;
  /** Ends the Idempotency-Key: unique within the script. */
  readonly key: string;
  /** The name by which later steps call the id this one makes. */
  readonly as?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type ScriptIds = ReadonlyMap<string, string>;

/** A placeholder for an id that no step before it has made. */
export class UnknownPlaceholder extends Error {
  override readonly name = 'UnknownPlaceholder';
}

const PLACEHOLDER = /\{([^{}]+)\}/g;

/** Fields that hold ids made by commands; other texts may hold braces as they like. */
const ID_FIELDS = new Set(['lineId', 'authorizationId', 'discountId', 'returnId']);

/** @throws UnknownPlaceholder */
export function fillRoute(route: string, ids: ScriptIds): string {
  return route.replace(PLACEHOLDER, (_, name: string) => idCalled(name, ids));
}

/** @throws UnknownPlaceholder */
export function fillBody(value: unknown, ids: ScriptIds): unknown {
  if (Array.isArray(value)) return value.map((item) => fillBody(item, ids));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, content]: [string, unknown]) => [
      field,
      ID_FIELDS.has(field) && typeof content === 'string' ? fillRoute(content, ids) : fillBody(content, ids),
    ]),
  );
}

function idCalled(name: string, ids: ScriptIds): string {
  const id = ids.get(name);
  if (id === undefined) throw new UnknownPlaceholder(`{${name}} is no id that an earlier command made`);
  return id;
}

/** The ids that one event of an answer tells, as command-api gives them. */
export interface AnsweredEvent {
  readonly type: string;
  readonly ids: Readonly<Record<string, string | readonly string[]>>;
}

const CREATED_IDS = [
  'refundId',
  'shipmentId',
  'returnId',
  'paymentId',
  'noteId',
  'cancellationId',
  'discountId',
  'surchargeId',
  'lineId',
] as const;

/** Names what a step has made, for the steps after it. */
export function learnIds(step: ScriptStep, events: readonly AnsweredEvent[], ids: Map<string, string>): void {
  const [first] = events;
  if (first === undefined) return;
  if (step.do === 'place') {
    const lineIds = first.ids['lineIds'] ?? [];
    for (const [index, lineId] of [lineIds].flat().entries()) ids.set(`lines.${index}`, lineId);
  }
  if (step.as === undefined) return;
  const made = CREATED_IDS.map((field) => first.ids[field] ?? first.ids[`${field}s`]?.[0]).find(
    (id) => id !== undefined,
  );
  if (typeof made === 'string') ids.set(step.as, made);
}
