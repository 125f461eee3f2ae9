import type { Duplex } from 'node:stream';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { internalsOf } from './client-internals.js';

/**
 * Keeps failures of the client's batch append stream from ending the process, and reports them.
 *
 * The client sends all appends over one stream and keeps the unanswered ones in a map of its module. Three of
 * its behaviours would be fatal:
 *
 * 1. An error on any such stream of the process rejects all appends in the map and empties it. When an answer
 *    then still arrives on another stream, its append is not in the map, and `const [resolve, reject] =
 *    undefined` throws inside the stream's `data` handler: uncaught, and the stream would never be read
 *    again. The append was already rejected with an unknown outcome, so its answer is dropped. Only this one
 *    error is treated as a late answer.
 * 2. When the stream's buffer is full, appends wait for room inside an `async` promise executor. If the
 *    stream breaks, their wait rejects a promise that nobody holds: an unhandled rejection. So `write` never
 *    reports a full buffer. `Appender` bounds how much is in flight.
 * 3. When the server ends the stream in good order, the client goes on writing to it and never gets an
 *    answer. So the end of the stream is turned into an error.
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
    // The client has to see the end of the stream first. Otherwise it would wait for that end when it is closed.
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
 * Whether the error comes from `const [resolve, reject] = promiseBank.get(resultingId)` in the client's
 * `batchAppend`, for an id that is no longer in the map. Its wording depends on the version of V8.
 */
export function isLateAnswer(error: unknown): error is TypeError {
  if (!(error instanceof TypeError) || !error.message.includes('not iterable')) return false;
  const thrownAt = error.stack?.split('\n').find((line) => /^\s*at /.test(line));
  return thrownAt?.includes('batchAppend') === true;
}
