import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StoredOrderEvent } from '#event-store/port.js';
import type { Order, OrderState } from '#domain/order/state.js';
import type { OrderDocument } from '#read-models/order-document.js';
import type { OrderSummary } from '#read-models/order-summary.js';
import type { SearchRow } from '#read-models/search-row.js';
import { CliError } from '../support/cli-error.js';

/** What an order is found by, apart from personal data. `words` are sorted. */
export type FoundBy = Readonly<Record<'words' | 'phrases' | 'skus', readonly string[]>>;

/**
 * A changed projection: the default export of a definition file. Each function gets the result of this release and
 * returns the changed one. A function that is absent changes nothing.
 */
export interface Definition {
  /** The order after an event; `asNow` computes it as this release does. `before` is null at the first event. */
  readonly fold?: (before: OrderState, event: StoredOrderEvent, asNow: () => Order) => Order;
  /** Filter and money columns, after each event. */
  readonly summary?: (asNow: OrderSummary, order: Order) => object;
  /** The order as readers see it, without its personal part. */
  readonly document?: (asNow: OrderDocument, order: Order) => object;
  /** What the order is found by. */
  readonly foundBy?: (asNow: FoundBy, order: Order) => object;
}

const parts: ReadonlySet<string> = new Set<keyof Definition>(['fold', 'summary', 'document', 'foundBy']);

/** @throws CliError when the file is no definition */
export async function loadDefinition(path: string): Promise<Definition> {
  let loaded: { default?: unknown };
  try {
    loaded = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (error) {
    throw new CliError(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
  const definition = loaded.default;
  if (typeof definition !== 'object' || definition === null)
    throw new CliError(
      `${path} does not have an object as its default export: docs/orderctl.md has an example`,
    );
  const entries = Object.entries(definition);
  const unknown = entries.find(([name, part]) => !parts.has(name) || typeof part !== 'function');
  if (unknown || entries.length === 0)
    throw new CliError(
      `the default export of ${path} holds ${unknown ? unknown[0] : 'nothing'}: a definition holds one or more of the functions ${[...parts].join(', ')}`,
    );
  return definition;
}

export function foundByOf({ vocabulary, ownWords, phrases, skus }: SearchRow): FoundBy {
  return { words: [...vocabulary, ...ownWords].sort(), phrases, skus };
}
