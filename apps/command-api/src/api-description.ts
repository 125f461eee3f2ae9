import type { ApiDescription } from '#platform/http/openapi.js';

/** What the OpenAPI document says about the API as a whole. */
export const commandApiDescription: ApiDescription = {
  title: 'orderlog commands',
  version: '1',
  description: [
    'Changes orders: each route is one command, each answer the events that it caused.',
    'Read them with the query API.',
    '',
    '- **Sending again is safe.** With the same `Idempotency-Key` the same command is done once, and the',
    '  answer given again (`Idempotent-Replayed: true`). A refusal and a no-op are not remembered: they are',
    '  decided anew.',
    '- **Deciding on what you saw.** `If-Match` with the ETag of the order refuses the command (412) when the',
    '  order has changed since.',
    '- **Reading what you wrote.** Send `Order-Position` to the query API as `Consistent-With`.',
    '- **Money** is in whole minor units of the currency. **Times** are RFC 3339 with an offset.',
    '- **Limits**: a body of 2 MiB, 2,000 lines, 500 operations in an edit, and what the fields say.',
    '- **Absent and null** are the same; unknown fields are refused.',
    '- **Errors** are problem documents (RFC 9457); `code` is for programs and never changes its meaning.',
  ].join('\n'),
};
