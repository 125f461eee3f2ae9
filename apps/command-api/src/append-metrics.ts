import { Counter, Histogram, type Registry } from 'prom-client';
import type { AppendObserver } from './handling/order-commands.js';

/** Counts shared appends and conflicts of commands for the same order, for `/metrics`. */
export class AppendMetrics implements AppendObserver {
  readonly #commands: Histogram;
  readonly #conflicts: Counter;

  constructor(registry: Registry) {
    this.#commands = new Histogram({
      name: 'orderlog_append_commands',
      help: 'Appends, by the number of commands for one order that shared them.',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers: [registry],
    });
    this.#conflicts = new Counter({
      name: 'orderlog_append_conflicts_total',
      help: 'Appends that conflicted, because another process had appended to the order first.',
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
