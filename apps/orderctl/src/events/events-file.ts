import { createHash, type Hash } from 'node:crypto';
import { CliError } from '../support/cli-error.js';

/**
 * A file of events: gzip members (`gzip-member.ts`) of lines of JSON, so that `zcat FILE` shows it.
 *
 * - the first member is one line, the header;
 * - then chunks: lines of events (`event-line.ts`), in the order of the store, and a line that ends the chunk;
 * - the last is one line, the footer. Without it the file is not complete.
 *
 * Each chunk's hash is that of the hash before it and its own lines, from the header's on. The footer's
 * `sha256` is that of all lines of events: the same for the same events, from whatever store and in
 * whatever chunks.
 */
export const FORMAT_VERSION = 1;

export interface FileHeader {
  readonly orderlog: 'events';
  readonly version: number;
  /** Identity of the event store that the events are of. */
  readonly store: string;
  /** The store's last position when the export began: the file is the store as it was then. */
  readonly upTo: string;
  readonly startedAt: string;
}

export interface ChunkEnd {
  /** From 1. */
  readonly chunk: number;
  readonly events: number;
  /** Of its last event, in the store that it is from. */
  readonly position: string;
  /** Of the chain up to here. */
  readonly sha256: string;
}

export interface FileFooter {
  readonly end: true;
  readonly chunks: number;
  readonly events: number;
  readonly streams: number;
  /** Of all lines of events. */
  readonly sha256: string;
  /** The chain's last hash. */
  readonly chain: string;
}

/** What holds the chunks together, for who writes them and who checks them. */
export class FileHashes {
  #chain: string;
  readonly #content: Hash = createHash('sha256');

  constructor(headerLine: string) {
    this.#chain = createHash('sha256').update(headerLine).digest('hex');
  }

  get chain(): string {
    return this.#chain;
  }

  get contentSha256(): string {
    return this.#content.copy().digest('hex');
  }

  /** @param lines of a chunk's events, each with its line feed */
  add(lines: Buffer): void {
    this.#chain = createHash('sha256').update(this.#chain, 'hex').update(lines).digest('hex');
    this.#content.update(lines);
  }
}

/** The file is none of ours, or is not as it was written. */
export class DamagedFile extends CliError {}
