import { ERASED, type Erased } from '#domain/decider.js';
import type { Order, OrderPersonal } from '#domain/order/state.js';
import { plainWords } from './plain-words.js';
import { orderTextsOf, type OrderText } from './search/order-texts.js';

/** What can be found of a person, plain like the text that is searched for. */
export interface SearchPersonal {
  readonly email: string | null;
  /** Distinct words of all names and companies, separated by spaces. */
  readonly names: string | null;
}

/** The search row: a function of the order, without a fold of its own. */
export interface SearchRow {
  readonly tenantId: string;
  readonly orderId: string;
  /** Of the order when it last changed in a way that search sees. */
  readonly revision: number;
  /**
   * Distinct words of product names, SKUs, tags and attributes: the words that orders share. A misspelt word is
   * matched against them.
   */
  readonly vocabulary: ReadonlySet<string>;
  /** Words of the number and the reference that are not in `vocabulary`. */
  readonly ownWords: readonly string[];
  /** Each text of more than one word: its words in their order, separated by spaces; distinct. */
  readonly phrases: readonly string[];
  /** Distinct, as given. */
  readonly skus: readonly string[];
  /** The texts as given, which the fields above are made from. */
  readonly texts: readonly OrderText[];
  readonly personal: SearchPersonal | Erased;
}

/**
 * PostgreSQL takes 1,048,575 bytes of words in one `tsvector`. An order of the largest allowed size has more where its
 * letters come apart, as Hangul's do.
 */
const MAX_WORD_BYTES = 1_000_000;
/** UTF-8 of one UTF-16 unit. */
const MAX_UNIT_BYTES = 3;

export function searchRowOf(order: Order): SearchRow {
  const texts = orderTextsOf(order);
  const vocabulary = new Set<string>();
  const ownWords = new Set<string>();
  const phrases = new Set<string>();
  for (const { field, text } of texts) {
    const words = plainWords(text);
    if (words.length > 1) phrases.add(words.join(' '));
    const into = field === 'number' || field === 'reference' ? ownWords : vocabulary;
    for (const word of words) into.add(word);
  }
  dropBeyondLimit([ownWords, vocabulary], texts);
  return {
    tenantId: order.tenantId,
    orderId: order.orderId,
    revision: order.revision,
    vocabulary,
    ownWords: [...ownWords].filter((word) => !vocabulary.has(word)),
    phrases: [...phrases],
    skus: [...new Set(order.lines.map(({ sku }) => sku))],
    texts,
    personal: order.personal === ERASED ? ERASED : searchPersonalOf(order.personal),
  };
}

/** Words beyond the limit are not found. Those of product names come last, since they take the room. */
function dropBeyondLimit(sets: readonly Set<string>[], texts: readonly OrderText[]): void {
  let units = 0;
  for (const set of sets) for (const word of set) units += word.length;
  if (units * MAX_UNIT_BYTES <= MAX_WORD_BYTES) return;
  const ofNamesLast = [...texts].sort(
    (a, b) => Number(a.field === 'lineName') - Number(b.field === 'lineName'),
  );
  const kept = new Set<string>();
  let bytes = 0;
  for (const word of ofNamesLast.flatMap(({ text }) => plainWords(text))) {
    if (kept.has(word)) continue;
    bytes += Buffer.byteLength(word);
    if (bytes > MAX_WORD_BYTES) break;
    kept.add(word);
  }
  for (const set of sets) for (const word of set) if (!kept.has(word)) set.delete(word);
}

function searchPersonalOf({ contact, shippingAddress, billingAddress }: OrderPersonal): SearchPersonal {
  const names = [contact, shippingAddress, billingAddress].flatMap((part) => {
    if (part === null) return [];
    return 'company' in part ? [part.name, part.company] : [part.name];
  });
  const words = new Set(names.flatMap((name) => plainWords(name ?? '')));
  return {
    email: plainEmail(contact?.email ?? null),
    names: words.size === 0 ? null : [...words].join(' '),
  };
}

/** An e-mail address in the form in which it is stored and searched. */
export function plainEmail(email: string | null): string | null {
  return email?.trim().toLowerCase() ?? null;
}
