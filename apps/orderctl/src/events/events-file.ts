import { createHash, type Hash } from 'node:crypto';
import { CliError } from '../support/cli-error.js';

/**
 * A file of events: gzip members (`gzip-member.ts`) of lines of JSON, so that `zcat FILE` shows it.
 *
 * - the first member is one line, the header;
 * - then come chunks: lines of events (`event-line.ts`) in the order of the store, and a line that ends the chunk;
 * - the last member is one line, the footer. A file without it is incomplete.
 *
 * The hash of a chunk covers the hash before it and the lines of the chunk; the chain starts with the hash of the
 * header line. The footer's `sha256` covers all lines of events. It is the same for the same events, whichever
 * store they come from and however they are split into chunks.
 */
export const FORMAT_VERSION = 1;

export interface FileHeader {
  readonly orderlog: 'events';
  readonly version: number;
  /** Identity of the event store that the events come from. */
  readonly store: string;
  /** The store's last position when the export began. The file holds the store as it was then. */
  readonly upTo: string;
  readonly startedAt: string;
}

export interface ChunkEnd {
  /** Number of the chunk, from 1. */
  readonly chunk: number;
  readonly events: number;
  /** Position of the chunk's last event, in the store that was exported. */
  readonly position: string;
  /** Hash of the chain up to this chunk. */
  readonly sha256: string;
}

export interface FileFooter {
  readonly end: true;
  readonly chunks: number;
  readonly events: number;
  readonly streams: number;
  /** Hash of all lines of events. */
  readonly sha256: string;
  /** The chain's last hash. */
  readonly chain: string;
}

/** The hashes of a file, for its writer and for its reader. */
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

/** The file is no file of events, or has changed since it was written. */
export class DamagedFile extends CliError {}
