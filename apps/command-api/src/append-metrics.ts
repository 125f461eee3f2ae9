import { Counter, Histogram, type Registry } from 'prom-client';
import type { AppendObserver } from './handling/order-commands.js';

/** Counts shared appends and conflicts of commands for the same order, for `/metrics`. */
export class AppendMetrics implements AppendObserver {
  readonly #commands: Histogram;
  readonly #conflicts: Counter;

  constructor(registry: Registry) {
    this.#commands = new Histogram({
      name: 'orderlog_append_commands',
      help: 'How many commands for one order shared an append.',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers: [registry],
    });
    this.#conflicts = new Counter({
      name: 'orderlog_append_conflicts_total',
      help: 'Appends that conflicted because another process was faster.',
      registers: [registry],
    });
  }

  appended(commands: number): void {
    this.#commands.observe(commands);
  }

  conflicted(): void {
    this.#conflicts.inc();
  }
}
