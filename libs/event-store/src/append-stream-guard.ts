import type { Duplex } from 'node:stream';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { internalsOf } from './client-internals.js';

/**
 * Keeps trouble of the client's batch append stream from ending the process, and reports it.
 *
 * The client sends all appends over one stream and keeps those without an answer in a map of the module.
 * Three of its ways would be fatal:
 *
 * 1. An error on any such stream of the process rejects all appends of the map and empties it. An answer
 *    that then still arrives on another stream is looked up in vain, and `const [resolve, reject] =
 *    undefined` throws inside the stream's `data` handler: uncaught, and the stream would never be read
 *    again. Those appends were already rejected as of unknown outcome, so the answer may be dropped; and
 *    only this one error is taken for it.
 * 2. When the stream's buffer is full, appends wait for room inside an `async` promise executor. If the
 *    stream breaks, their wait rejects a promise that nobody holds: an unhandled rejection. So the buffer
 *    is never said to be full; how much is in flight is bounded by who appends.
 * 3. When the server ends the stream in good order, the client goes on writing to it without an answer,
 *    for ever. So its end is made an error.
 *
 * @param onBroken called once for each stream that can no longer be trusted
 */
export function guardAppendStreams(client: EventStoreDBClient, onBroken: (cause: Error) => void): void {
  const streams = internalsOf(client).disposableStreams;
  const add = streams.add.bind(streams);
  streams.add = (stream) => {
    guard(stream, onBroken);
    return add(stream);
  };
}

function guard(stream: Duplex, onBroken: (cause: Error) => void): void {
  let broken = false;
  const report = (cause: Error) => {
    if (broken) return;
    broken = true;
    // Not before the client has seen the end of the stream too: else it would wait for it when closed.
    queueMicrotask(() => onBroken(cause));
  };

  stream.on('error', report);
  stream.once('end', () => {
    if (!broken) stream.destroy(new Error('the server ended the append stream'));
  });

  const write = stream.write.bind(stream) as (chunk: unknown) => boolean;
  stream.write = (chunk: unknown) => {
    write(chunk);
    return true;
  };

  for (const listener of stream.listeners('data') as ((answer: unknown) => void)[]) {
    stream.removeListener('data', listener);
    stream.on('data', (answer: unknown) => {
      try {
        listener(answer);
      } catch (error) {
        if (!isLateAnswer(error)) throw error;
        report(error);
      }
    });
  }
}

/**
 * `const [resolve, reject] = promiseBank.get(resultingId)`, thrown by the client's `batchAppend` itself, of
 * an id that is no longer there. How V8 words it depends on its version.
 */
export function isLateAnswer(error: unknown): error is TypeError {
  if (!(error instanceof TypeError) || !error.message.includes('not iterable')) return false;
  const thrownAt = error.stack?.split('\n').find((line) => /^\s*at /.test(line));
  return thrownAt?.includes('batchAppend') === true;
}
