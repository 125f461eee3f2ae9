import { createHash } from 'node:crypto';
import { decode } from '#event-store/codec.js';
import { generationDdl } from '#read-models/generations/generation-ddl.js';
import { plainWords } from '#read-models/plain-words.js';
import { documentOf } from '#read-models/order-document.js';
import { foldOrder, historyRowOf, changesSearch } from '#read-models/orders.projection.js';
import { SEARCH_INDEX_DEFINITION } from '#read-models/search/elasticsearch/index-definition.js';
import { searchDocumentOf } from '#read-models/search/search-document.js';
import { bandEdgesMinor, totalBandOf } from '#read-models/search/total-bands.js';
import { searchRowOf } from '#read-models/search-row.js';
import { batchColumns } from '#read-models/stores/statements.js';
import { canonical, storedHistories } from './histories.mjs';

/** Raised by hand when the meaning of rows changes although none of the hashed content does. */
const VERSION = 3;
/**
 * Latin, Greek, Cyrillic and Armenian: no letters are added to these alphabets, so that every Node makes
 * the same plain words of them.
 */
const LETTERS_END = 0x0590;
/** Currencies of 0, 2, 3 and 4 minor digits. */
const CURRENCIES = ['JPY', 'GBP', 'BHD', 'CLF'];

/**
 * libs/read-models/src/read-model-fingerprints.ts: which generations this release writes and can read. The hashes
 * cover everything that shapes them: the tables and the mapping; every row and document made of the golden corpus
 * and of a thousand stored histories; and, because the histories have too few examples, the plain words and the
 * total bands.
 */
export async function readModelFingerprints() {
  const rows = await rowsOf(await storedHistories());
  const postgres = hashOf(
    VERSION,
    generationDdl('generation', 'postgres'),
    JSON.stringify(batchColumns),
    rows.tables,
    ...plainLetters(),
  );
  const elasticsearch = hashOf(
    ...[VERSION, generationDdl('generation', 'elasticsearch'), JSON.stringify(batchColumns), rows.tables],
    ...[SEARCH_INDEX_DEFINITION, rows.documents, ...plainLetters(), ...totalBands()],
  );
  return `import type { SearchEngine } from './search/search-engine.js';

/**
 * Which generations this release writes and can read, by what they are searched in: hashes over everything that shapes
 * their rows and documents. Made by scripts/generated/read-model-fingerprints.mjs: a change of the projection changes
 * them, and a release with other ones builds generations of its own.
 */
export const readModelFingerprints: Readonly<Record<SearchEngine, string>> = ${JSON.stringify({ postgres, elasticsearch })};
`;
}

/** Hashes of all rows, after every event, and of all documents. */
async function rowsOf(all) {
  const tables = createHash('sha256');
  const documents = createHash('sha256');
  for (const raw of all) {
    const events = await decode(raw);
    let order = null;
    for (const [index, event] of events.entries()) {
      order = foldOrder(order, event);
      tables.update(canonical(historyRowOf(order, event, events[index + 1])));
      if (changesSearch(event.type)) tables.update(canonical(searchRowOf(order)));
    }
    tables.update(canonical([documentOf(order), order.personal]));
    documents.update(canonical(searchDocumentOf(order)));
  }
  return { tables: tables.digest('hex'), documents: documents.digest('hex') };
}

/** The plain words of every letter of these alphabets, each between two others, and of a word that is too long. */
function plainLetters() {
  const letters = Array.from({ length: LETTERS_END }, (_, code) => `a${String.fromCharCode(code)}b`);
  return [...letters, 'x'.repeat(1_000)].map((text) => plainWords(text).join(' '));
}

/** Totals on either side of every band edge, in currencies of each number of minor digits. */
function totalBands() {
  const totals = bandEdgesMinor.flatMap((edge) => [Math.max(0, edge - 1), edge]);
  return CURRENCIES.flatMap((currency) => totals.map((total) => totalBandOf(currency, total)));
}

function hashOf(...parts) {
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}
