import type { Client, estypes } from '@elastic/elasticsearch';
import { summaryColumns, type ColumnType, type OrderSummary } from '../../order-summary.js';
import { typeOf } from './requests.js';

type Property = estypes.MappingProperty;

/** Found by whole or by its beginning; neither sorted nor counted by. */
const found: Property = { type: 'keyword', doc_values: false };
/** Found, sorted and counted by. */
const value: Property = { type: 'keyword' };

const propertyOfType: Readonly<Record<ColumnType, Property>> = {
  text: value,
  uuid: value,
  int4: { type: 'integer' },
  int8: { type: 'long' },
  bool: { type: 'boolean' },
  timestamptz: { type: 'date', format: 'strict_date_time' },
  'text[]': value,
  json: { type: 'object', enabled: false },
};

/** Sorted by, and nothing else. */
const sorted: Property = { type: 'long', index: false };

/** Given back with a hit, and nothing else: no index is kept of them. */
const onlyShown: ReadonlySet<keyof OrderSummary> = new Set([
  'revision',
  'updatedAt',
  'unitCount',
  'orderedTotalMinor',
  'capturedMinor',
  'refundedMinor',
  'balanceDueMinor',
  'returnsClosed',
  'unitsReturned',
]);

const summary = Object.fromEntries(
  summaryColumns.map(({ field, type }) => {
    const property = propertyOfType[type];
    return [field, onlyShown.has(field) ? { ...property, index: false, doc_values: false } : property];
  }),
) as Record<string, Property>;

/** A field that the mapping does not know refuses the document: none is ever guessed. */
const mappings: estypes.MappingTypeMapping = {
  dynamic: 'strict',
  properties: {
    ...summary,
    totalBand: value,
    orderIdHigh: sorted,
    orderIdLow: sorted,
    // All words are found in one field, and stand in the document once.
    words: found,
    vocabulary: { ...value, copy_to: 'words' },
    ownWords: { type: 'keyword', index: false, doc_values: false, copy_to: 'words' },
    // Folded by us already. The gap between two texts is wider than any phrase, so that none spans both.
    phrases: { type: 'text', analyzer: 'whitespace', norms: false, position_increment_gap: 1_000 },
    skus: found,
    texts: { type: 'object', enabled: false },
    personal: {
      type: 'object',
      dynamic: 'strict',
      properties: { email: found, names: found, erased: { type: 'boolean' } },
    },
    indexedThrough: { type: 'long' },
    writeSeq: { type: 'long' },
    shownThrough: { type: 'long' },
  },
};

/**
 * Of Elasticsearch itself, for what the follower has not had refreshed (its process ended between the two, or its request
 * was lost): by then, a document is found.
 */
export const REFRESH_INTERVAL = '5s';

/** One shard: its documents and the marker are searched at one moment, and counts are exact. */
const settings: estypes.IndicesIndexSettings = { number_of_shards: 1 };

/** Copies of the shard beside it: one as soon as there is a second node. */
export const COPIES: estypes.IndicesIndexSettings = { auto_expand_replicas: '0-1' };

/** All that shapes the index, for the fingerprint of what can be read by whom. */
export const SEARCH_INDEX_DEFINITION = JSON.stringify({ mappings, settings });

export interface IndexOptions {
  /** `REFRESH_INTERVAL` unless given; `-1` for never. */
  readonly refreshInterval?: string;
  /** `COPIES` unless given. */
  readonly replicas?: number;
}

/**
 * The name that an index is written under. Elasticsearch makes an index of any name that is written to, with a mapping
 * that it guesses; a request that requires an alias is refused instead when the index is gone.
 */
export function writtenAs(index: string): string {
  return `${index}-written`;
}

/** Only this one is written under that name, also where a copy of it was restored with its alias. */
const ALIAS = { is_write_index: true };

/** Creates the index unless it is there. */
export async function createIndex(client: Client, index: string, options: IndexOptions = {}): Promise<void> {
  const { refreshInterval = REFRESH_INTERVAL, replicas } = options;
  const copies = replicas === undefined ? COPIES : { number_of_replicas: replicas };
  try {
    await client.indices.create({
      index,
      mappings,
      settings: { ...settings, ...copies, refresh_interval: refreshInterval },
      aliases: { [writtenAs(index)]: ALIAS },
    });
  } catch (error) {
    if (typeOf(error) !== 'resource_already_exists_exception') throw error;
    await adopt(client, index, options);
  }
}

/**
 * Indexes of earlier releases have no alias and another interval, and no alias has one that Elasticsearch made of a write in
 * place of a lost one.
 */
async function adopt(client: Client, index: string, options: IndexOptions): Promise<void> {
  await keepInterval(client, index);
  const name = writtenAs(index);
  if (await client.indices.existsAlias({ index, name })) return;
  const { [index]: made } = await client.indices.getMapping({ index });
  if (made?.mappings.dynamic === mappings.dynamic) {
    await client.indices.putAlias({ index, name, ...ALIAS });
  } else {
    await client.indices.delete({ index, ignore_unavailable: true });
    await createIndex(client, index, options);
  }
}

/** One that is filled is not refreshed at all, and stays so. */
async function keepInterval(client: Client, index: string): Promise<void> {
  const { [index]: state } = await client.indices.getSettings({ index, name: 'index.refresh_interval' });
  const current = state?.settings?.index?.refresh_interval;
  if (current === '-1' || current === REFRESH_INTERVAL) return;
  await client.indices.putSettings({ index, settings: { refresh_interval: REFRESH_INTERVAL } });
}

/** The id of the marker: the document that tells how far the index is. No order's id is like it. */
export const MARKER_ID = 'indexed-through';

/** All rows up to one write are in the index, and so all events up to a position; -1: of none yet. */
export interface IndexReached {
  readonly position: bigint;
  readonly writeSeq: bigint;
}

/**
 * The marker's content, to be written when all of that was acknowledged. Numbers as text, which the mapping
 * reads as longs: a JSON number would round them.
 */
export function markerDocument({ position, writeSeq }: IndexReached): MarkerDocument {
  return { indexedThrough: position.toString(), writeSeq: writeSeq.toString() };
}

export function reachedOf({ indexedThrough, writeSeq }: MarkerDocument): IndexReached {
  return { position: BigInt(indexedThrough), writeSeq: BigInt(writeSeq) };
}

export interface MarkerDocument {
  readonly indexedThrough: string;
  readonly writeSeq: string;
}

/**
 * The id of the document that tells how new anything in the index may be: no event after that position, and no row after
 * that write. Each request that writes documents begins with
 * it. One shard takes a request's documents in their order, so who finds one of them finds this, or a later one.
 */
export const SHOWN_ID = 'shown-through';

/** The ids of what is no order. */
export const OWN_IDS = [MARKER_ID, SHOWN_ID];

export interface ShownDocument {
  readonly shownThrough: string;
  readonly writeSeq: string;
}
