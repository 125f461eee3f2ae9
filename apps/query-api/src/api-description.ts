import type { ApiDescription } from '#platform/http/openapi.js';

/** What the OpenAPI document says about the API as a whole. */
export const queryApiDescription: ApiDescription = {
  title: 'orderlog queries',
  version: '1',
  description: [
    'Reads orders: as they are, as they were at any moment, what happened to them and who did it.',
    'Change them with the command API.',
    '',
    '- **Reading what you wrote.** Send the `Order-Position` of a change as `Consistent-With`: the answer',
    '  shows that change, or is 503 `not_caught_up` when it does not in time; `behind` says how far it is off,',
    '  in positions and seconds. Reads answer with an `Order-Position`, too, those of the past of one order as well:',
    '  who sends the last one it saw never sees time go back. One of before the orders were',
    '  moved to another event store is 400 `position_of_another_store`; begin the feed anew then, too.',
    '- **Two clocks.** `asOf` goes by when things happened, `recordedAsOf` by when they were written down.',
    '- **Pages.** `nextCursor` of one page is `cursor` of the next, with the same filters and sort; null ends.',
    '- **Customers.** A token with the claim `customer` sees its own orders only, without notes.',
    '- **Personal data** that was erased shows as `"erased"`; the text of a redacted note is shown nowhere,',
    '  at no moment.',
    '- **Money** is in whole minor units of the currency. **Times** are RFC 3339; in queries with an offset.',
    '- **Errors** are problem documents (RFC 9457); `code` is for programs and never changes its meaning.',
  ].join('\n'),
};
