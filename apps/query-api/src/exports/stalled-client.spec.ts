import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { bodyOf, piecesOf } from './stalled-client.js';

const BYTES = 1_000_000;

async function* texts(...all: string[]): AsyncGenerator<string> {
  yield* all;
}

function bodyTo(response: Writable, limitMs: number): Readable {
  const body = bodyOf(texts('x'.repeat(BYTES)), response, limitMs);
  body.pipe(response);
  return body;
}

describe('a client that reads no further', () => {
  it('ends the body, also within its last text', async () => {
    const body = bodyTo(new Writable({ write: () => {} }), 20);
    const [error] = (await once(body, 'error')) as [Error];
    expect(error.message).toBe('its client took nothing for 0.02 s');
  });

  it('ends the body also where its last piece waits to be taken', async () => {
    let takenBytes = 0;
    const response = new Writable({
      write(bytes: Buffer, _encoding, done) {
        takenBytes += bytes.length;
        if (takenBytes < BYTES) done();
      },
    });
    await once(bodyTo(response, 20), 'error');
    expect(takenBytes).toBe(BYTES);
  });
});

describe('a client that goes on reading', () => {
  it('gets all of the body, and nothing is left to wait for', async () => {
    const response = new Writable({ write: (_bytes, _encoding, done) => setImmediate(done) });
    const body = bodyTo(response, 60_000);
    await Promise.all([once(response, 'finish'), once(body, 'close')]);
    expect(body.errored).toBeNull();
    expect(response.listenerCount('drain')).toBe(0);
  });

  it('gets texts in pieces, byte by byte', async () => {
    const all = ['é'.repeat(100_000), '', '𝄞'.repeat(20_000)];
    const lengths: number[] = [];
    const bytes: Buffer[] = [];
    for await (const piece of piecesOf(texts(...all), () => {})) {
      lengths.push(piece.length);
      bytes.push(piece);
    }
    expect(Math.max(...lengths)).toBe(64 * 1024);
    expect((await buffer(Readable.from(bytes))).toString()).toBe(all.join(''));
  });
});
