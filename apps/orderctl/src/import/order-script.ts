/**
 * One order's commands, as requests to be sent one after another. `{name}` stands for an id that an earlier
 * command of the script made; it may stand in a route, or be the whole of an id in a body. `{lines.0}` is the
 * first line placed.
 */
export interface OrderScript {
  /** The name that people know the order by: the invoice's number, or the line's key. */
  readonly name: string;
  /** Begins every Idempotency-Key of the script. It is the same for the same order in every run. */
  readonly key: string;
  /**
   * Whether each command applies only to the order as the command before left it. A script needs this when one of
   * its commands may find nothing to do. The order does not remember such a command, and a repeated run must not
   * apply it to a later state of the order.
   */
  readonly guarded: boolean;
  readonly steps: readonly ScriptStep[];
}

export interface ScriptStep {
  /** `place`, or the route below the order: `confirm`, `shipments/{parcel}/dispatch`. */
  readonly do: string;
  /** Ends the Idempotency-Key: unique within the script. */
  readonly key: string;
  /** The name by which later steps refer to the id that this step makes. */
  readonly as?: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export type ScriptIds = ReadonlyMap<string, string>;

/** A placeholder for an id that no earlier step has made. */
export class UnknownPlaceholder extends Error {
  override readonly name = 'UnknownPlaceholder';
}

const PLACEHOLDER = /\{([^{}]+)\}/g;

/** Fields that hold ids made by commands. Braces in other fields are plain text. */
const ID_FIELDS = new Set(['lineId', 'authorizationId', 'captureId', 'discountId', 'returnId']);

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
  if (id === undefined) throw new UnknownPlaceholder(`{${name}} is not an id that an earlier command made`);
  return id;
}

/** The ids in one event of an answer from command-api. */
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

/** Names the ids that a step has made, for the steps after it. */
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
