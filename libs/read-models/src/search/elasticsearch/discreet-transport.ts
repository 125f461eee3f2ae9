import {
  errors,
  Transport,
  type TransportRequestOptions,
  type TransportRequestParams,
} from '@elastic/elasticsearch';

/**
 * Its errors hold nothing of what was asked but method, path and query: they are logged, and the body is orders of
 * people, the headers a login. By default an error takes a copy of the body, a Buffer byte by byte, which stops all
 * else for seconds.
 */
export class DiscreetTransport extends Transport {
  override async request<T>(
    params: TransportRequestParams,
    options: TransportRequestOptions = {},
  ): Promise<T> {
    try {
      // With each request: what is set for the client does not reach the error of an answer that is no Elasticsearch's.
      return await super.request<T>(params, { ...options, redaction: { type: 'remove' } });
    } catch (error) {
      forgetContent(error);
      throw error;
    }
  }
}

/** What `redaction` leaves: the body. What the server answered stays: its readers tell errors by it. */
function forgetContent(error: unknown): void {
  if (!(error instanceof errors.ElasticsearchClientError)) return;
  if ('meta' in error) delete (error as errors.ResponseError).meta?.meta.request.params.body;
  // The body that could not be written, or an answer that could not be read.
  if ('data' in error) delete error.data;
}
