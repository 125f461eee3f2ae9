/** One request as it goes out. */
export interface TransportRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Ends the request at any stage. */
  readonly signal: AbortSignal;
}

/** One answer as it came in; its body is read once, as text or as a stream. */
export interface TransportAnswer {
  readonly status: number;
  /** @param name in lower case */
  header(name: string): string | null;
  text(): Promise<string>;
  stream(): AsyncIterable<Uint8Array>;
}

/**
 * Sends a request. When there is no answer, it throws an error that has, itself or in its chain of causes, a
 * `code` of Node's sockets, of TLS, undici or zlib. Any other error is taken for a bug: the request is not sent again,
 * and its outcome is unknown.
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>;

/** The `fetch` of the platform, with its pool of connections. */
export const fetchTransport: Transport = async ({ method, url, headers, body, signal }) => {
  const response = await fetch(url, { method, headers, body, signal, redirect: 'manual' });
  return {
    status: response.status,
    header: (name) => response.headers.get(name),
    text: () => response.text(),
    stream: () => response.body ?? nothing(),
  };
};

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** What is known of a request without an answer. */
export type Lost = 'not sent' | 'unknown';

/** With these codes the server never saw the request, unless the connection was already made (`wasConnected`). */
const NOT_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;
/** The server's certificate is refused before anything is sent. */
const NOT_TRUSTED =
  /^(CERT_[A-Z_]+|CRL_[A-Z_]+|(DEPTH_ZERO_)?SELF_SIGNED_CERT(_IN_CHAIN)?|UNABLE_TO_[A-Z_]+|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME_INVALID)$/;
/**
 * With these codes the outcome is unknown. Those of TLS itself (`ERR_SSL_`) may come after the request was sent.
 * RES_CONTENT_LENGTH_MISMATCH: a connection that ends with its answer (`Connection: close`) ended before the answer had
 * its full length. HEADERS_OVERFLOW: the answer's headers are too large. The last two, of gzip and Brotli: its body
 * cannot be unpacked.
 */
const LOST =
  /^(E[A-Z]+|ERR_SSL_[A-Z0-9_]+|HPE_[A-Z_]+|UND_ERR_(SOCKET|HEADERS_TIMEOUT|BODY_TIMEOUT|ABORTED|RES_CONTENT_LENGTH_MISMATCH|HEADERS_OVERFLOW)|Z_(DATA|BUF)_ERROR|ERR__ERROR_FORMAT_[A-Z0-9_]+)$/;

const MAX_CAUSES = 5;

/** Whether a request was not sent because its server's certificate is refused. */
export function isNotTrusted(error: unknown): boolean {
  return NOT_TRUSTED.test(lostBy(error)?.code ?? '');
}

/** What a transport's error says about its request; null: the error is no failure of the network. */
export function lostBy(error: unknown): { readonly lost: Lost; readonly code: string } | null {
  let one = error as { code?: unknown; syscall?: unknown; cause?: unknown } | null | undefined;
  for (let depth = 0; typeof one === 'object' && one !== null && depth < MAX_CAUSES; depth++) {
    const { code, syscall } = one;
    const wasConnected = syscall === 'read' || syscall === 'write';
    if (typeof code === 'string' && NOT_SENT.test(code) && !wasConnected) return { lost: 'not sent', code };
    if (typeof code === 'string' && NOT_TRUSTED.test(code)) return { lost: 'not sent', code };
    // A server that stops to listen resets connections that are being made.
    if (code === 'ECONNRESET' && syscall === 'connect') return { lost: 'not sent', code };
    if (typeof code === 'string' && LOST.test(code)) return { lost: 'unknown', code };
    one = one.cause as typeof one;
  }
  return null;
}
