import type { Client, estypes } from '@elastic/elasticsearch';
import { summaryColumns, type ColumnType, type OrderSummary } from '../../order-summary.js';
import { typeOf } from './requests.js';

type Property = estypes.MappingProperty;

/** Found whole or by its beginning; used neither for sorting nor for counting. */
const found: Property = { type: 'keyword', doc_values: false };
/** Used for finding, sorting and counting. */
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

/** Used for sorting only. */
const sorted: Property = { type: 'long', index: false };

/** Only given back with a hit: not indexed. */
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

/** A document with a field that the mapping does not know is refused: no mapping is ever guessed. */
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
    // Plain words already. The gap between two texts is wider than any phrase, so that none spans both.
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
 * How often Elasticsearch refreshes by itself. It shows documents that the follower had not refreshed, because its
 * process ended before it, or its request was lost.
 */
export const REFRESH_INTERVAL = '5s';

/** One shard: its documents and the marker are searched at one moment, and counts are exact. */
const settings: estypes.IndicesIndexSettings = { number_of_shards: 1 };

/** Replicas of the shard: one as soon as there is a second node. */
export const COPIES: estypes.IndicesIndexSettings = { auto_expand_replicas: '0-1' };

/** All that shapes the index: part of the fingerprint that tells which generations a release can read. */
export const SEARCH_INDEX_DEFINITION = JSON.stringify({ mappings, settings });

export interface IndexOptions {
  /** `REFRESH_INTERVAL` unless given; `-1` for never. */
  readonly refreshInterval?: string;
  /** `COPIES` unless given. */
  readonly replicas?: number;
}

/**
 * The alias that an index is written under. Elasticsearch makes an index of any name that is written to, with a
 * mapping that it guesses. A request that requires an alias is refused instead when the index is gone.
 */
export function writtenAs(index: string): string {
  return `${index}-written`;
}

/** Only this index is written under the alias, even if a copy of it was restored with the same alias. */
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
 * Makes an existing index like a new one. Indexes of earlier releases have no alias and another refresh interval.
 * An index that Elasticsearch made itself, for a write to a lost one, has no alias either: it is made anew.
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

/** Sets the refresh interval. An index that is being filled is not refreshed at all (-1), and stays so. */
async function keepInterval(client: Client, index: string): Promise<void> {
  const { [index]: state } = await client.indices.getSettings({ index, name: 'index.refresh_interval' });
  const current = state?.settings?.index?.refresh_interval;
  if (current === '-1' || current === REFRESH_INTERVAL) return;
  await client.indices.putSettings({ index, settings: { refresh_interval: REFRESH_INTERVAL } });
}

/** The id of the marker: the document that tells how far the index is. No order's id is like it. */
export const MARKER_ID = 'indexed-through';

/** How far an index is: it has all rows up to one write, and so all events up to a position; -1: none yet. */
export interface IndexReached {
  readonly position: bigint;
  readonly writeSeq: bigint;
}

/**
 * The marker's content, to be written once everything up to there was acknowledged. Numbers are text, which the
 * mapping reads as longs: a JSON number would round them.
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
 * The id of the document that tells how new anything in the index may be: no event after that position, and no row
 * after that write. Each request that writes documents begins with it. One shard takes a request's documents in
 * their order, so a search that finds one of them finds this document too, or a later one.
 */
export const SHOWN_ID = 'shown-through';

/** The ids of the documents that are not orders. */
export const OWN_IDS = [MARKER_ID, SHOWN_ID];

export interface ShownDocument {
  readonly shownThrough: string;
  readonly writeSeq: string;
  /**
   * Stands in a field that takes any JSON, as a field of its own would be another mapping, and so another fingerprint.
   * Documents of earlier releases lack it.
   */
  readonly texts?: { readonly stretch: string };
}
