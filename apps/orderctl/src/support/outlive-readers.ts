import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';

/** The parts of `process` that matter to the readers of its output. */
export interface Speaker extends Pick<EventEmitter, 'listenerCount'> {
  readonly stdout: Writable;
  readonly stderr: Writable;
  exit(code?: number): void;
}

/**
 * The reader of our output may end first: `| head` has seen enough, `| tee` ends from the same Ctrl-C, or a
 * terminal is closed. Output after that is lost, and the process exits silently, because nobody sees the work any
 * more. A process that listens for SIGINT goes on instead: it has work to finish that an exit would cut off.
 */
export function outliveReaders(speaker: Speaker): void {
  speaker.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (speaker.listenerCount('SIGINT') > 0) return;
    if (error.code === 'EPIPE' || error.code === 'EIO') return speaker.exit();
    speaker.stderr.write(`orderctl: the output cannot be written: ${error.message}\n`);
    speaker.exit(1);
  });
  // stderr carries progress and error messages: the work goes on without them, and the exit code tells of a
  // failure too.
  speaker.stderr.on('error', () => {});
}
