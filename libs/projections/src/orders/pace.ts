import { cpus } from 'node:os';

/** Between two writes while the machine is not busy: adds at most this much to acknowledged → visible. */
const CALM_INTERVAL_MS = 30;
/** While the machine is busy: fewer and larger writes cost less. */
const BUSY_INTERVAL_MS = 150;
/** While the machine is busy and the same orders come again: their later events join the same write. */
const REPEATED_INTERVAL_MS = 400;
/** From this share of processor time in use on, saving work counts more than being visible soon. */
const BUSY_SHARE = 0.92;
/** From this share of repeated events on (see `wrote`), waiting longer saves writes. */
const REPEATED_SHARE = 0.5;
const LOOK_EVERY_MS = 500;

export interface PaceInput {
  readonly now: () => number;
  /** Share of the machine's processor time in use since the last call, 0 to 1. */
  readonly busyShare: () => number;
}

/**
 * When to write next. An event that comes after a pause is written at once. Under load, writes keep an interval.
 * The interval is longer when the machine is busy, and longest when the same orders also come again and again:
 * each row is then written once for many events.
 */
export class Pace {
  readonly #input: PaceInput;
  #intervalMs = CALM_INTERVAL_MS;
  #lastWriteMs = -Infinity;
  #lookedMs = -Infinity;
  #events = 0;
  #repeated = 0;

  constructor(input: PaceInput = { now: () => performance.now(), busyShare: busyShare() }) {
    this.#input = input;
  }

  /** How long the events at hand may still wait for more. */
  waitMs(): number {
    return Math.max(0, this.#lastWriteMs + this.#intervalMs - this.#input.now());
  }

  writing(): void {
    this.#lastWriteMs = this.#input.now();
  }

  /** `repeated` of the events followed another of the same order within a second or so. */
  wrote(events: number, repeated: number): void {
    this.#events += events;
    this.#repeated += repeated;
    const now = this.#input.now();
    if (now - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#lookedMs = now;
    const busy = this.#input.busyShare() >= BUSY_SHARE;
    const saves = this.#repeated >= REPEATED_SHARE * this.#events;
    const busyIntervalMs = saves ? REPEATED_INTERVAL_MS : BUSY_INTERVAL_MS;
    this.#intervalMs = busy ? busyIntervalMs : CALM_INTERVAL_MS;
    this.#events = this.#repeated = 0;
  }
}

function busyShare(): () => number {
  let last = processorTimes();
  return () => {
    const now = processorTimes();
    const total = now.total - last.total;
    const idle = now.idle - last.idle;
    last = now;
    return total === 0 ? 0 : 1 - idle / total;
  };
}

function processorTimes(): { total: number; idle: number } {
  let total = 0;
  let idle = 0;
  for (const { times } of cpus()) {
    total += times.user + times.nice + times.sys + times.idle + times.irq;
    idle += times.idle;
  }
  return { total, idle };
}
