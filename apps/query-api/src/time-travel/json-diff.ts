import { pointerTo } from '#platform/json-pointer.js';

/** One value that differs between two JSON documents. */
export interface JsonChange {
  /** RFC 6901: into the later document, or into the earlier one for what was removed. */
  readonly pointer: string;
  readonly op: 'add' | 'remove' | 'replace';
  /** Absent when it was added. */
  readonly from?: unknown;
  /** Absent when it was removed. */
  readonly to?: unknown;
  /** The same place, with ids instead of indexes into lists: it means the same in every document. */
  readonly place: readonly string[];
}

type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

interface At {
  readonly pointer: string;
  readonly place: readonly string[];
}

/**
 * The changes from one document to another. Items of the lists named in `idOf` are told apart by that id, so that
 * an item removed from the middle is one change. Any other list is one value.
 */
export function diffJson(from: Json, to: Json, idOf: Readonly<Record<string, string>>): JsonChange[] {
  const changes: JsonChange[] = [];
  compare(from, to, { pointer: '', place: [] }, null);
  return changes;

  function compare(before: Json, after: Json, at: At, idName: string | null): void {
    if (before === after) return; // unchanged parts of two folded states are the same object
    if (isObject(before) && isObject(after)) return compareObjects(before, after, at);
    if (idName !== null && Array.isArray(before) && Array.isArray(after)) {
      return compareItems(before as JsonObject[], after as JsonObject[], at, idName);
    }
    if (JSON.stringify(before) !== JSON.stringify(after)) {
      changes.push({ ...at, op: 'replace', from: before, to: after });
    }
  }

  function compareObjects(before: JsonObject, after: JsonObject, at: At): void {
    for (const [name, value] of Object.entries(before)) {
      const below = child(at, name, name);
      if (!(name in after)) changes.push({ ...below, op: 'remove', from: value });
      else compare(value, after[name], below, idOf[name] ?? null);
    }
    for (const [name, value] of Object.entries(after)) {
      if (!(name in before)) changes.push({ ...child(at, name, name), op: 'add', to: value });
    }
  }

  function compareItems(
    before: readonly JsonObject[],
    after: readonly JsonObject[],
    at: At,
    idName: string,
  ): void {
    const earlier = new Map(before.map((item) => [String(item[idName]), item]));
    const kept = new Set<string>();
    for (const [index, item] of after.entries()) {
      const id = String(item[idName]);
      kept.add(id);
      const below = child(at, String(index), id);
      const was = earlier.get(id);
      if (was === undefined) changes.push({ ...below, op: 'add', to: item });
      else compare(was, item, below, null);
    }
    for (const [index, item] of before.entries()) {
      const id = String(item[idName]);
      if (!kept.has(id)) changes.push({ ...child(at, String(index), id), op: 'remove', from: item });
    }
  }
}

function child({ pointer, place }: At, segment: string, name: string): At {
  return {
    pointer: pointer + pointerTo(segment),
    place: [...place, name],
  };
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
