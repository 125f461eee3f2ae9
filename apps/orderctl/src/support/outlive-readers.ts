import type { EventEmitter } from 'node:events';
import type { Writable } from 'node:stream';

/** Of `process`, what concerns those who read us. */
export interface Speaker extends Pick<EventEmitter, 'listenerCount'> {
  readonly stdout: Writable;
  readonly stderr: Writable;
  exit(): void;
}

/**
 * Whoever reads us may go first: `| head` has seen enough, `| tee` ends of the same Ctrl-C, a terminal is closed. What
 * is said from then on is lost, and work that nobody sees any more ends there, without a word. But whoever listens for
 * Ctrl-C has something to bring to an end, which an exit would cut off.
 */
export function outliveReaders(speaker: Speaker): void {
  speaker.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (speaker.listenerCount('SIGINT') > 0) return;
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    speaker.exit();
  });
  // How far the work is, and why it failed: the work goes on without, and the exit code tells as well.
  speaker.stderr.on('error', () => {});
}
