import { once } from 'node:events';
import {
  connect,
  constants,
  createSecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

export interface TlsProxy {
  readonly port: number;
  /** The `authorization` header of each received call, by path; undefined where there was none. */
  readonly authorizations: ReadonlyMap<string, string | undefined>;
  close(): Promise<void>;
}

/**
 * A TLS server in front of one without TLS: it ends the encryption, notes the callers' authorization, and passes
 * each call on.
 */
export async function startTlsProxy(
  target: string,
  certificate: { cert: string; key: string },
): Promise<TlsProxy> {
  const upstream = connect(target);
  const authorizations = new Map<string, string | undefined>();
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer(certificate);
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session)).on('error', () => session.destroy());
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders & { ':path'?: string }) => {
    authorizations.set(headers[':path'] ?? '', headers.authorization);
    const call = upstream.request({ ...headers, ':authority': new URL(target).host, ':scheme': 'http' });
    let trailers: IncomingHttpHeaders = {};
    call.on('response', (answer, flags) => {
      const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(answer, { endStream, waitForTrailers: !endStream });
    });
    call.on('trailers', (given: IncomingHttpHeaders) => (trailers = given));
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    call.on('error', () => stream.close()).on('aborted', () => stream.close());
    stream.on('error', () => call.close()).on('aborted', () => call.close(constants.NGHTTP2_CANCEL));
    stream.pipe(call).pipe(stream);
  });
  // A client that does not trust the certificate hangs up.
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    authorizations,
    close: async () => {
      for (const session of sessions) session.destroy();
      upstream.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
