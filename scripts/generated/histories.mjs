import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { goldenStreams } from './golden-folded.mjs';

const histories = new URL('../../libs/read-models/golden/histories.ndjson.gz', import.meta.url);

/** The raw events of each order of the golden corpus and of the thousand stored histories. */
export async function storedHistories() {
  const lines = gunzipSync(await readFile(histories))
    .toString()
    .trimEnd()
    .split('\n');
  const stored = lines.map((line) =>
    JSON.parse(line).map((event) => ({ ...event, position: BigInt(event.position) })),
  );
  return [...Object.values(await goldenStreams()), ...stored].filter((events) => events.length > 0);
}

/** Gives the same text for the same content, in whatever order its fields were set. */
export function canonical(content) {
  return JSON.stringify(content, (_key, value) => {
    if (typeof value === 'bigint') return String(value);
    if (value instanceof Set) return [...value];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
