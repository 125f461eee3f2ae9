import type { FileHandle } from 'node:fs/promises';
import { CliError } from '../support/cli-error.js';
import {
  FileHashes,
  FORMAT_VERSION,
  type ChunkEnd,
  type FileFooter,
  type FileHeader,
} from './events-file.js';
import type { Chunk, EventsFileReader } from './events-file.reader.js';
import { packMember } from './gzip-member.js';

/** Size of a chunk's lines before packing. An interruption loses at most this much work. */
const CHUNK_BYTES = 1024 * 1024;

/** Writes a file of events, from its start or on from its last whole chunk. */
export class EventsFileWriter {
  readonly header: FileHeader;
  readonly #file: FileHandle;
  readonly #hashes: FileHashes;
  #endsAtBytes: number;
  #chunks = 0;
  #events = 0;
  #lines: Buffer[] = [];
  #linesBytes = 0;
  #position = '';

  private constructor(file: FileHandle, header: FileHeader, hashes: FileHashes, endsAtBytes: number) {
    this.#file = file;
    this.header = header;
    this.#hashes = hashes;
    this.#endsAtBytes = endsAtBytes;
  }

  /** Number of events in the file and of those that wait to be written in a chunk. */
  get events(): number {
    return this.#events + this.#lines.length;
  }

  get sizeBytes(): number {
    return this.#endsAtBytes;
  }

  static async begin(
    file: FileHandle,
    source: Pick<FileHeader, 'store' | 'upTo'>,
  ): Promise<EventsFileWriter> {
    const startedAt = new Date().toISOString();
    const header: FileHeader = { orderlog: 'events', version: FORMAT_VERSION, ...source, startedAt };
    const line = JSON.stringify(header);
    const writer = new EventsFileWriter(file, header, new FileHashes(line), 0);
    await file.truncate(0);
    await writer.#append(`${line}\n`);
    return writer;
  }

  /**
   * Goes on after the last whole chunk. Anything after that chunk is cut off.
   *
   * @param onChunk told of each chunk in the file
   * @throws DamagedFile when a chunk has changed since it was written
   */
  static async goOn(
    file: FileHandle,
    reader: EventsFileReader,
    onChunk: (chunk: Chunk) => void,
  ): Promise<EventsFileWriter> {
    const writer = new EventsFileWriter(file, reader.header, reader.hashes, 0);
    for await (const chunk of reader.chunks()) {
      onChunk(chunk);
      writer.#chunks += 1;
      writer.#events += chunk.end.events;
    }
    writer.#endsAtBytes = reader.endsAtBytes;
    await file.truncate(reader.endsAtBytes);
    return writer;
  }

  async add(line: string, position: bigint): Promise<void> {
    const bytes = Buffer.from(`${line}\n`, 'utf8');
    this.#lines.push(bytes);
    this.#linesBytes += bytes.length;
    this.#position = position.toString();
    if (this.#linesBytes >= CHUNK_BYTES) await this.endChunk();
  }

  /** Writes the waiting events as a chunk, so that an interruption loses none of them. */
  async endChunk(): Promise<void> {
    if (this.#lines.length === 0) return;
    const lines = Buffer.concat(this.#lines);
    this.#hashes.add(lines);
    const end: ChunkEnd = {
      chunk: this.#chunks + 1,
      events: this.#lines.length,
      position: this.#position,
      sha256: this.#hashes.chain,
    };
    await this.#append(lines, `${JSON.stringify(end)}\n`);
    this.#chunks += 1;
    this.#events += end.events;
    this.#lines = [];
    this.#linesBytes = 0;
  }

  /** Completes the file and syncs it to the disk. */
  async finish(streams: number): Promise<FileFooter> {
    await this.endChunk();
    // The footer must not reach the disk before the chunks that it describes.
    await this.#file.sync();
    const footer: FileFooter = {
      end: true,
      chunks: this.#chunks,
      events: this.#events,
      streams,
      sha256: this.#hashes.contentSha256,
      chain: this.#hashes.chain,
    };
    await this.#append(`${JSON.stringify(footer)}\n`);
    await this.#file.sync();
    return footer;
  }

  /** @throws CliError when the file is not as this writer left it: the lock of another machine or container is not seen */
  async #append(...parts: readonly (string | Buffer)[]): Promise<void> {
    const { size } = await this.#file.stat();
    if (size !== this.#endsAtBytes)
      throw new CliError(
        `something else writes the file, too: it has ${size} bytes, where this export left ${this.#endsAtBytes}`,
      );
    const member = await packMember(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
    for (let done = 0; done < member.length;) {
      // A file system that is full or on a network may write only a part.
      const { bytesWritten } = await this.#file.write(
        member,
        done,
        member.length - done,
        this.#endsAtBytes + done,
      );
      done += bytesWritten;
    }
    this.#endsAtBytes += member.length;
  }
}
