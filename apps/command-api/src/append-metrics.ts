import { Counter, Histogram, type Registry } from 'prom-client';
import type { AppendObserver } from './handling/order-commands.js';

/** Counts shared appends and conflicts of commands for the same order, for `/metrics`. */
export class AppendMetrics implements AppendObserver {
  readonly #commands: Histogram;
  readonly #conflicts: Counter;

  constructor(registry: Registry) {
    this.#commands = new Histogram({
      name: 'orderlog_append_commands',
      help: 'Appends, by how many commands for one order shared them.',
      buckets: [1, 2, 4, 8, 16, 32, 64],
      registers: [registry],
    });
    this.#conflicts = new Counter({
      name: 'orderlog_append_conflicts_total',
      help: 'Appends that another process had been faster than.',
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
