import { log } from '../log.js';
import { run } from '../run.js';
import type { Command } from './command.js';

/** How long the work under way may take after a signal to end. A message that takes longer may be sent twice. */
const DRAIN_LIMIT_MS = 20_000;
const EXIT_AFTER_MS = 500;

export const runUntilSignal: Command = {
  options: {},
  parameters: 0,
  async execute(settings) {
    const stop = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stop.signal.aborted) return;
        log('info', 'draining', { signal });
        stop.abort();
        setTimeout(() => {
          log('error', 'draining took too long; exiting anyway');
          process.exit(1);
        }, DRAIN_LIMIT_MS).unref();
      });
    }
    await run(settings, stop.signal);
    log('info', 'the notifier has ended');
    // Where Kafka does not answer, its connections would keep the process from ending.
    setTimeout(() => process.exit(), EXIT_AFTER_MS).unref();
  },
};
