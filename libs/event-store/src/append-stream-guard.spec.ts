import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { guardAppendStreams } from './append-stream-guard.js';

function guarded(onData: (answer: unknown) => void = () => undefined) {
  const client = { disposableStreams: new Set<Duplex>() };
  const broken: Error[] = [];
  guardAppendStreams(client as unknown as EventStoreDBClient, (cause) => broken.push(cause));
  const errors: Error[] = [];
  const stream = new Duplex({ objectMode: true, read: () => undefined, write: () => undefined });
  stream.on('data', onData).on('error', (error) => errors.push(error));
  client.disposableStreams.add(stream);
  return { stream, broken, errors };
}

describe('a guarded append stream', () => {
  it('never says that it is full', () => {
    const { stream } = guarded();
    const answers = Array.from({ length: 100 }, (_, n) => stream.write({ n }));
    expect(answers).not.toContain(false);
    expect(stream.writableNeedDrain).toBe(true);
  });

  it('fails when the server ends it, so that those who wait hear of it', async () => {
    const { stream, broken, errors } = guarded();
    stream.push(null);
    await new Promise((resolve) => stream.once('close', resolve));
    expect(errors).toEqual([new Error('the server ended the append stream')]);
    expect(broken).toEqual(errors);
  });

  it('fails once, also when its end follows an error', async () => {
    const { stream, broken, errors } = guarded();
    const lost = new Error('connection lost');
    stream.push(null);
    stream.emit('error', lost);
    await once(stream, 'end');
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([lost]);
    expect(broken).toEqual([lost]);
  });

  it('hands answers on as they come', async () => {
    const answers: unknown[] = [];
    const { stream } = guarded((answer) => answers.push(answer));
    stream.push({ n: 1 });
    stream.push({ n: 2 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('hides no other error of whoever reads it', () => {
    const mine = new TypeError('undefined is not iterable');
    const { stream, broken } = guarded(() => {
      throw mine;
    });
    expect(() => stream.emit('data', {})).toThrow(mine);
    expect(broken).toEqual([]);
  });
});
