import { Controller, Get, Logger, Query, StreamableFile, UseInterceptors } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { OneOf } from '#platform/http/fields.js';
import type { OrderPosition } from '#platform/order-position.js';
import type { SummaryQuestion } from '#read-models/readers/as-of.js';
import { EXPORT_LONGEST_MS, type ExportedOrder } from '#read-models/readers/order-export.reader.js';
import { exportedOrderSchema } from '../orders/list.schemas.js';
import { QueryRoute } from '../orders/query-route.js';
import { errorOfWideRead } from '../reads/problem-of-read.js';
import { Read } from '../reads/read.js';
import { Sources } from '../reads/sources.js';
import { TellsPosition } from '../reads/tells-position.interceptor.js';
import { asOfOf, FilterQuery } from '../request/as-of.dto.js';
import { AskedBy, type Asked } from '../request/asked.js';
import { orderFilterOf } from '../request/order-filter.dto.js';
import { AtOnce } from '../request/at-once.js';
import { csvHeader, csvLine } from './csv.js';
import { bodyOf, EXPORT_STALLED_AFTER_MS } from './stalled-client.js';

const formats = {
  ndjson: {
    type: 'application/x-ndjson; charset=utf-8',
    header: '',
    line: (item: ExportedOrder) => `${JSON.stringify(item)}\n`,
  },
  csv: { type: 'text/csv; charset=utf-8; header=present', header: csvHeader, line: csvLine },
} as const;

class ExportQuery extends FilterQuery {
  @OneOf(Object.keys(formats), {
    otherwise: 'ndjson',
    description:
      'The format of the answer: a JSON object a line, or CSV. In CSV, tags are joined by `;`, and each `;` and `\\` ' +
      'of a tag has a `\\` before it; what would start a formula has an apostrophe before it.',
  })
  format!: keyof typeof formats;
}

/** Fewer than the connections for exports, so that one tenant cannot keep others waiting. */
const EXPORTS_OF_ONE_TENANT = 2;

@Controller('v1/exports')
@UseInterceptors(TellsPosition)
export class ExportsController {
  readonly #bus: QueryBus;
  readonly #sources: Sources;
  readonly #atOnce = new AtOnce(EXPORTS_OF_ONE_TENANT);
  readonly #logger = new Logger(ExportsController.name);

  constructor(bus: QueryBus, sources: Sources) {
    this.#bus = bus;
    this.#sources = sources;
  }

  @Get('orders')
  @QueryRoute(
    `All orders that match, as one stream, as of one moment. It is cut off when nothing of it is taken for ${EXPORT_STALLED_AFTER_MS / 1_000} s, and after ${EXPORT_LONGEST_MS / 60_000} minutes in all: store the orders first, and work on them afterwards. One instance serves at most ${EXPORTS_OF_ONE_TENANT} exports of a tenant at once.`,
    exportedOrderSchema,
    {
      problems: ['too_many_requests', 'read_too_slow'],
      contentTypes: ['application/x-ndjson', 'text/csv'],
    },
  )
  async exportOrders(
    @AskedBy() { audience, consistentWith, reply }: Asked,
    @Query() query: ExportQuery,
  ): Promise<StreamableFile> {
    const { type, header, line } = formats[query.format];
    const question = { audience, filter: orderFilterOf(query), asOf: asOfOf(query) };
    const end = this.#atOnce.begin(audience.tenantId);
    const { first, batches } = await this.#begun(question, consistentWith).catch((error: unknown) => {
      end();
      throw errorOfWideRead(error);
    });
    const texts = textsOf(header, first, batches, line);
    void reply.header('content-disposition', `attachment; filename="orders.${query.format}"`);
    const stream = bodyOf(texts, reply.raw, this.#sources.exportStalledAfterMs);
    // Too late for a problem: the client sees its connection end.
    stream.once('error', ({ message }) => this.#logger.warn(`an export broke off: ${message}`));
    // To end a generator that nobody began to read (an answer to HEAD, a client that has left) runs none of its
    // code, so the batches, which hold a connection, are ended here.
    stream.once('close', () => {
      end();
      void batches.return();
    });
    return new StreamableFile(stream, { type });
  }

  /** Reads the first batch before the first byte is sent: a failure until then is answered as a problem. */
  async #begun(question: SummaryQuestion, consistentWith: OrderPosition | null) {
    const batches = await this.#bus.execute(new Read('export', question, consistentWith));
    return { first: await batches.next(), batches };
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
