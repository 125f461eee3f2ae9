import { Readable } from 'node:stream';
import { Controller, Get, Query, StreamableFile, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { OneOf } from '#platform/http/fields.js';
import type { ExportedOrder } from '#read-models/readers/order-export.reader.js';
import { exportedOrderSchema } from '../orders/answers.js';
import { QueryRoute } from '../orders/query-route.js';
import { Read } from '../reads/read.js';
import { TellsPosition } from '../reads/tells-position.interceptor.js';
import { asOfOf, FilterQuery } from '../request/as-of.dto.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { orderFilterOf } from '../request/order-filter.dto.js';
import { csvHeader, csvLine } from './csv.js';

const formats = {
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    header: '',
    line: (item: ExportedOrder) => `${JSON.stringify(item)}\n`,
  },
  csv: { type: 'text/csv; charset=utf-8; header=present', header: csvHeader, line: csvLine },
} as const;

class ExportQuery extends FilterQuery {
  @OneOf(Object.keys(formats), { otherwise: 'ndjson' })
  format!: keyof typeof formats;
}

@Controller('v1/exports')
@UseInterceptors(TellsPosition)
export class ExportsController {
  readonly #bus: QueryBus;

  constructor(bus: QueryBus) {
    this.#bus = bus;
  }

  @Get('orders')
  @QueryRoute('All orders that match, as one stream of one moment.', exportedOrderSchema, {
    contentTypes: ['application/x-ndjson', 'text/csv'],
  })
  async exportOrders(
    @AskedBy() { audience, consistentWith, reply }: Asked,
    @Query() query: ExportQuery,
  ): Promise<StreamableFile> {
    const { type, header, line } = formats[query.format];
    const question = { audience, filter: orderFilterOf(query), asOf: asOfOf(query) };
    const batches = await this.#bus.execute(new Read('export', question, consistentWith));
    // The first batch before the first byte: what fails until then is still answered as a problem.
    const first = await batches.next();
    const texts = textsOf(header, first, batches, line);
    void reply.header('content-disposition', `attachment; filename="orders.${query.format}"`);
    const stream = Readable.from(texts, { objectMode: false, highWaterMark: 1 });
    // A generator that nobody began to read (the answer to HEAD, a client that has left) ends nothing
    // when it is ended, and the batches hold a connection.
    stream.once('close', () => void batches.return());
    return new StreamableFile(stream, { type });
  }
}

async function* textsOf(
  header: string,
  first: IteratorResult<ExportedOrder[], void>,
  rest: AsyncGenerator<ExportedOrder[], void>,
  line: (item: ExportedOrder) => string,
): AsyncGenerator<string, void> {
  if (header !== '') yield header;
  if (first.done) return;
  yield first.value.map(line).join('');
  for await (const batch of rest) yield batch.map(line).join('');
}
