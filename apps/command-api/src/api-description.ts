import type { ApiDescription } from '#platform/http/openapi.js';

/** What the OpenAPI document says about the API as a whole. */
export const commandApiDescription: ApiDescription = {
  title: 'orderlog commands',
  version: '1',
  description: [
    'Changes orders: each route is one command, and each answer lists the events that the command caused.',
    'Read orders with the query API.',
    '',
    '- **Sending again is safe.** A command that is sent again with the same `Idempotency-Key` is done once, and',
    '  the first answer is given again (`Idempotent-Replayed: true`), for as long as the order remembers it: at least',
    '  its last 1,000 commands, those without a key included. After that, nothing is created, paid or refunded twice, but',
    '  a quantity, an address, tags or a hold is set again: send `If-Match` too where so much may come in between.',
    '  Refusals and no-ops are not remembered: they are decided again.',
    '- **Deciding on what you saw.** Send the ETag of the order as `If-Match`: the command is refused (412) if the',
    '  order has changed since.',
    '- **Reading what you wrote.** Send the `Order-Position` of an answer to the query API as `Consistent-With`.',
    '- **Money** is in whole minor units of the currency. **Times** are RFC 3339 with an offset, from',
    '  1970-01-01 to 9999-12-30 in UTC.',
    '- **Limits**: a body has at most 2 MiB, an order 2,000 lines, an edit 500 operations. The descriptions of fields',
    '  and routes name further limits.',
    '- **Absent and null** mean the same; unknown fields are refused.',
    '- **Errors** are problem documents (RFC 9457); `code` is for programs and never changes its meaning.',
  ].join('\n'),
};
