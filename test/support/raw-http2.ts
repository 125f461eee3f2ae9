import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.js';

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const END_STREAM = 1;
const END_HEADERS = 4;
const CALL = 1;

/**
 * One gRPC call over HTTP/2 (RFC 9113), frame by frame: it can be left half sent, or reset with any code, as proxies do
 * and no client of Node can.
 */
export class RawCall {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #pings = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => (this.#received = Buffer.concat([this.#received, bytes])));
    socket.on('error', () => {});
  }

  /** @param headers besides those that every call has */
  static async begin(
    port: number,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawCall> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const call = new RawCall(socket);
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    call.#send(SETTINGS, 0, 0, Buffer.alloc(0));
    const all = {
      ...{ ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': `127.0.0.1:${port}` },
      ...{ 'content-type': 'application/grpc', te: 'trailers', ...headers },
    };
    call.#send(HEADERS, END_HEADERS, CALL, Buffer.concat(Object.entries(all).map(literal)));
    return call;
  }

  message(bytes: Uint8Array): void {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(bytes.length, 1);
    this.#send(DATA, 0, CALL, Buffer.concat([prefix, bytes]));
  }

  /** Half-closes the call: there are no more messages. */
  end(): void {
    this.#send(DATA, END_STREAM, CALL, Buffer.alloc(0));
  }

  reset(code: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(code);
    this.#send(RST_STREAM, 0, CALL, payload);
  }

  /** Resolves once the server has received all frames so far. */
  async ping(): Promise<void> {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(++this.#pings, 4);
    this.#send(PING, 0, 0, payload);
    await until('the ping is answered', () =>
      this.#frames().some(({ type, payload: told }) => type === PING && told.equals(payload)),
    );
  }

  /** Resolves once the server has ended its side of the call. */
  async answered(): Promise<void> {
    await until('the call is answered', () =>
      this.#frames().some(({ type, flags }) => type === HEADERS && (flags & END_STREAM) !== 0),
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, flags: number, stream: number, payload: Buffer): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    this.#socket.write(Buffer.concat([head, payload]));
  }

  #frames(): { type: number; flags: number; payload: Buffer }[] {
    const frames = [];
    for (let at = 0; at + 9 <= this.#received.length;) {
      const end = at + 9 + this.#received.readUIntBE(at, 3);
      if (end > this.#received.length) break;
      const [type, flags] = [this.#received[at + 3]!, this.#received[at + 4]!];
      frames.push({ type, flags, payload: this.#received.subarray(at + 9, end) });
      at = end;
    }
    return frames;
  }
}

/** A header as HPACK's literal without indexing (RFC 7541, 6.2.2); names and values are short. */
function literal([name, value]: [string, string]): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}
