import type { ApiDescription } from '#platform/http/openapi.js';

/** What the OpenAPI document says about the API as a whole. */
export const queryApiDescription: ApiDescription = {
  title: 'orderlog queries',
  version: '1',
  description: [
    'Reads orders: as they are, as they were at any moment, what happened to them and who did it.',
    'Change them with the command API.',
    '',
    '- **Reading what you wrote.** Send the `Order-Position` of a change as `Consistent-With`: the answer shows',
    '  that change. If the read models do not reach it in time, the answer is 503 `not_caught_up`, and `behind` says',
    '  how far they are behind, in positions and seconds. Reads answer with an `Order-Position` too, including reads',
    '  of the past of one order: if you send the last one that you saw with your next read, you never see time go',
    '  back. After the orders were moved to another event store, an older position, or `after` of the feed, gets 400',
    '  `position_of_another_store`; read the feed from its start again in that case, and drop what you have.',
    '- **Two clocks.** `asOf` goes by when things happened, `recordedAsOf` by when they were recorded.',
    '- **Pages.** Send `nextCursor` of one page as `cursor` of the next, with the same filters and sort. After the',
    '  last page it is null.',
    '- **Customers.** A token with the claim `customer` shows only the orders of that customer, without notes.',
    '- **Personal data** that was erased is shown as `"erased"`. The text of a redacted note is never shown, not even',
    '  as of an earlier moment.',
    '- **Money** is in whole minor units of the currency. **Times** are RFC 3339; times in requests need an offset',
    '  (in a query, + is sent as %2B) and are from 1970-01-01 to 9999-12-30 in UTC.',
    '- **Limits**: a body has at most 64 KiB. One instance tells the past of long orders, of more than 1,000 events or',
    '  4 MB, to two requests of a tenant at once, and to three in all. The descriptions of fields name further limits.',
    '- **Errors** are problem documents (RFC 9457); `code` is for programs and never changes its meaning.',
  ].join('\n'),
};
