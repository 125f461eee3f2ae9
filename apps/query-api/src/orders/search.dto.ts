import type { Instant } from '#domain/instant.js';
import { LIMITS } from '#domain/order/limits.js';
import { DateTime, Integer, OneOf, OptionalText } from '#platform/http/fields.js';
import { NestedObject, TextList } from '#platform/http/list-fields.js';
import { searchSorts, type SearchSort } from '#read-models/readers/order-sort.js';
import { facetNames, type FacetName } from '#read-models/search/order-search.js';
import { OrderFilterFields } from '../request/order-filter.dto.js';
import { CURSOR_CHARACTERS } from './list.dto.js';

const TEXT_CHARACTERS = 200;
const EMAIL_CHARACTERS = 320;

export class SearchBody {
  @OptionalText({
    max: TEXT_CHARACTERS,
    description:
      'Words of product names, SKUs, tags, attributes, number, reference and names of people. All must be ' +
      'there; the last may be unfinished; misspelt ones are recognised. Words in double quotes must stand ' +
      'side by side, as they are, in one text of the order.',
    example: '"hanging heart" holder',
  })
  text!: string | null;

  @OptionalText({ max: LIMITS.skuCharacters, description: 'Of a line, whole.' })
  sku!: string | null;

  @OptionalText({ max: LIMITS.skuCharacters, description: 'What the SKU of a line begins with.' })
  skuPrefix!: string | null;

  @OptionalText({ max: 20, description: 'What the number begins with, in capitals or not.', example: '7K3' })
  numberPrefix!: string | null;

  @OptionalText({ max: LIMITS.referenceCharacters, description: 'What the reference begins with.' })
  referencePrefix!: string | null;

  @OptionalText({ max: EMAIL_CHARACTERS, description: 'Of the contact, whole.' })
  email!: string | null;

  @NestedObject(OrderFilterFields, { optional: true, description: 'As in the list.' })
  filters!: OrderFilterFields | null;

  @TextList({
    optional: true,
    max: facetNames.length,
    itemMax: 30,
    oneOf: facetNames,
    description: 'Which counts to give; all of them unless given.',
  })
  facets!: FacetName[] | null;

  @OneOf(searchSorts, { optional: true, description: 'With text by relevance, else the latest first.' })
  sort!: SearchSort | null;

  @OptionalText({ max: CURSOR_CHARACTERS, description: '`nextCursor` of the page before.' })
  cursor!: string | null;

  @Integer({ min: 1, max: 100, otherwise: 20, description: 'How many hits at most.' })
  limit!: number;

  @DateTime({
    optional: true,
    description:
      'As orders were when this had happened; without text, e-mail, and whole or begun SKU, number and reference.',
  })
  asOf!: Instant | null;

  @DateTime({ optional: true, description: 'As they were when this had been recorded; likewise.' })
  recordedAsOf!: Instant | null;
}
