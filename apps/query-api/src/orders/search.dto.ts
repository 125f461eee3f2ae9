import type { Instant } from '#domain/instant.js';
import { LIMITS } from '#domain/order/limits.js';
import { DateTime, Integer, OneOf, OptionalText } from '#platform/http/fields.js';
import { NestedObject, TextList } from '#platform/http/list-fields.js';
import { searchSorts, type SearchSort } from '#read-models/readers/order-sort.js';
import { facetNames, type FacetName } from '#read-models/search/order-search.js';
import { OrderFilterFields } from '../request/order-filter.dto.js';
import { CURSOR_CHARACTERS, TOTAL_SORTS } from './list.dto.js';

const TEXT_CHARACTERS = 200;
const EMAIL_CHARACTERS = 320;

export class SearchBody {
  @OptionalText({
    max: TEXT_CHARACTERS,
    description:
      'Words from product names, SKUs, tags, attributes, the number, the reference and names of people. An order ' +
      'must have all of them. The last word may be unfinished. Of the first 16 words, misspelt words of ' +
      'product names, SKUs, tags and attributes are recognised; misspelt names of people are not, nor the number and ' +
      'the reference. A word that some order has as a name or reference is not taken for misspelt. Words in ' +
      'double quotes must stand side by side, exactly as given, in one text of the order. Signs count for nothing ' +
      'beside words; a text of signs only, such as `%`, finds nothing, and one of blanks only narrows nothing.',
    example: '"hanging heart" holder',
  })
  text!: string | null;

  @OptionalText({ max: LIMITS.skuCharacters, description: 'The whole SKU of a line.' })
  sku!: string | null;

  @OptionalText({ max: LIMITS.skuCharacters, description: 'The beginning of the SKU of a line.' })
  skuPrefix!: string | null;

  @OptionalText({
    max: 20,
    description: "The beginning of the order's number, in upper or lower case, with or without the hyphen.",
    example: '7K3',
  })
  numberPrefix!: string | null;

  @OptionalText({ max: LIMITS.referenceCharacters, description: "The beginning of the order's reference." })
  referencePrefix!: string | null;

  @OptionalText({ max: EMAIL_CHARACTERS, description: 'The whole e-mail address of the contact.' })
  email!: string | null;

  @NestedObject(OrderFilterFields, {
    optional: true,
    description: 'The same filters as in the list of orders.',
  })
  filters!: OrderFilterFields | null;

  @TextList({
    optional: true,
    max: facetNames.length,
    itemMax: 30,
    oneOf: facetNames,
    description: 'Which facets to count. If absent, all of them.',
  })
  facets!: FacetName[] | null;

  @OneOf(searchSorts, {
    optional: true,
    description: `If absent, by relevance where text is given, otherwise the latest order first. ${TOTAL_SORTS}`,
  })
  sort!: SearchSort | null;

  @OptionalText({ max: CURSOR_CHARACTERS, description: '`nextCursor` of the previous page.' })
  cursor!: string | null;

  @Integer({
    min: 1,
    max: 100,
    otherwise: 20,
    description: 'The maximum number of orders on the page. A page of large orders may have fewer.',
  })
  limit!: number;

  @DateTime({
    optional: true,
    description:
      'The orders as of this moment: every event that had happened by then counts (occurredAt). Cannot be combined ' +
      'with text, sku, skuPrefix, numberPrefix, referencePrefix and email.',
  })
  asOf!: Instant | null;

  @DateTime({
    optional: true,
    description:
      'The orders as of this moment: every event that had been recorded by then counts (recordedAt). Excludes the same fields as asOf.',
  })
  recordedAsOf!: Instant | null;
}
