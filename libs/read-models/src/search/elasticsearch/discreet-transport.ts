import {
  errors,
  Transport,
  type TransportRequestOptions,
  type TransportRequestParams,
} from '@elastic/elasticsearch';

/**
 * Its errors hold nothing of a request but method, path and query. Errors are logged, while the body holds
 * people's orders and the headers a login. By default an error also takes a copy of the body, a Buffer byte by
 * byte, which stops the process for seconds.
 */
export class DiscreetTransport extends Transport {
  override async request<T>(
    params: TransportRequestParams,
    options: TransportRequestOptions = {},
  ): Promise<T> {
    try {
      // Set for each request: the client's own setting does not reach the error of an answer that is not
      // Elasticsearch's.
      return await super.request<T>(params, { ...options, redaction: { type: 'remove' } });
    } catch (error) {
      forgetContent(error);
      throw error;
    }
  }
}

/** Removes the body, which `redaction` leaves. The server's answer stays: callers tell errors apart by it. */
function forgetContent(error: unknown): void {
  if (!(error instanceof errors.ElasticsearchClientError)) return;
  if ('meta' in error) delete (error as errors.ResponseError).meta?.meta.request.params.body;
  // `data` is a body that could not be written, or an answer that could not be read.
  if ('data' in error) delete error.data;
}
