import { open, type FileHandle } from 'node:fs/promises';
import { CliError } from '../support/cli-error.js';
import {
  DamagedFile,
  FileHashes,
  FORMAT_VERSION,
  type ChunkEnd,
  type FileFooter,
  type FileHeader,
} from './events-file.js';
import { beginsMember, MEMBER_HEADER_BYTES, memberSizeBytes, unpackMember } from './gzip-member.js';

export interface Chunk {
  readonly lines: readonly string[];
  readonly end: ChunkEnd;
}

const LINE_FEED = 0x0a;

/** Reads a file of events from its start, and checks every hash on the way. */
export class EventsFileReader {
  readonly header: FileHeader;
  readonly hashes: FileHashes;
  /** Set when the chunks have been read to the end of a complete file; null before, and for an incomplete file. */
  footer: FileFooter | null = null;
  /** Offset of the end of the last whole member that was read. */
  endsAtBytes: number;
  #chunks = 0;
  #events = 0;
  readonly #path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, headerLine: string, endsAtBytes: number) {
    this.#path = path;
    this.#file = file;
    this.header = JSON.parse(headerLine) as FileHeader;
    this.hashes = new FileHashes(headerLine);
    this.endsAtBytes = endsAtBytes;
  }

  /** Returns null when the header was not written whole. @throws DamagedFile when it is no file of events */
  static async open(path: string, file: FileHandle): Promise<EventsFileReader | null> {
    const member = await memberAt(path, file, 0, 'it is not a file that `orderctl events export` wrote');
    if (member === null) return null;
    const content = await unpacked(path, member, 'header');
    const reader = new EventsFileReader(path, file, content.toString('utf8').trimEnd(), member.length);
    const { orderlog, version } = reader.header;
    if (orderlog !== 'events')
      throw new DamagedFile(`${path} is not a file that \`orderctl events export\` wrote`);
    if (version !== FORMAT_VERSION) {
      throw new CliError(
        `${path} has format ${version}, but this release reads format ${FORMAT_VERSION}: use the release that wrote it`,
      );
    }
    return reader;
  }

  /**
   * Yields each chunk after its hash was found right. Ends with `footer` set, or without one at a torn tail.
   * @throws DamagedFile
   */
  async *chunks(): AsyncGenerator<Chunk, void, undefined> {
    for (;;) {
      const name = `chunk ${this.#chunks + 1}`;
      const member = await memberAt(this.#path, this.#file, this.endsAtBytes, `${name} is damaged`);
      if (member === null) return;
      const content = await unpacked(this.#path, member, name);
      const lastLineAt = content.lastIndexOf(LINE_FEED, content.length - 2) + 1;
      const last = this.#parsed(content.subarray(lastLineAt), name);
      const lines = content.subarray(0, lastLineAt);
      if ('end' in last) {
        this.#finish(last);
        this.endsAtBytes += member.length;
        return this.#nothingFollows();
      }
      this.hashes.add(lines);
      if (last.sha256 !== this.hashes.chain || last.chunk !== this.#chunks + 1) {
        throw new DamagedFile(
          `${this.#path}: ${name} is damaged: its hash differs from the one that was written with it`,
        );
      }
      this.#chunks += 1;
      this.#events += last.events;
      this.endsAtBytes += member.length;
      yield { lines: lines.toString('utf8').split('\n').slice(0, -1), end: last };
    }
  }

  #parsed(line: Buffer, name: string): ChunkEnd | FileFooter {
    try {
      return JSON.parse(line.toString('utf8')) as ChunkEnd | FileFooter;
    } catch (error) {
      throw new DamagedFile(`${this.#path}: ${name} is damaged: its last line is not JSON`, { cause: error });
    }
  }

  #finish(footer: FileFooter): void {
    const { chunks, events, sha256, chain } = footer;
    const right = chunks === this.#chunks && events === this.#events && chain === this.hashes.chain;
    if (!right || sha256 !== this.hashes.contentSha256) {
      throw new DamagedFile(
        `${this.#path} is damaged: the counts and hashes at its end do not match its content`,
      );
    }
    this.footer = footer;
  }

  async #nothingFollows(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size !== this.endsAtBytes)
      throw new DamagedFile(`${this.#path} is damaged: something follows its end`);
  }
}

/**
 * Opens a file for as long as the work takes. A new one is its owner's alone: it holds everybody's personal data.
 * @throws CliError when it cannot be opened
 */
export async function withFile<T>(
  path: string,
  flags: string,
  work: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, 0o600).catch((error: NodeJS.ErrnoException) => {
    const why: Readonly<Record<string, string>> = {
      ENOENT: flags === 'r' ? 'there is no such file' : 'there is no such folder',
      EACCES: 'its permissions do not allow this',
      EISDIR: 'is a folder: name a file',
    };
    throw new CliError(`${path}: ${why[error.code ?? ''] ?? error.message}`, { cause: error });
  });
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Returns null when the file ends before the member or within it. */
async function memberAt(
  path: string,
  file: FileHandle,
  atBytes: number,
  otherwise: string,
): Promise<Buffer | null> {
  const header = await bytesAt(file, atBytes, MEMBER_HEADER_BYTES);
  if (!beginsMember(header)) throw new DamagedFile(`${path}: ${otherwise}`);
  if (header.length < MEMBER_HEADER_BYTES) return null;
  const sizeBytes = memberSizeBytes(header);
  if (sizeBytes === null) throw new DamagedFile(`${path}: ${otherwise}`);
  const member = await bytesAt(file, atBytes, sizeBytes);
  return member.length === sizeBytes ? member : null;
}

async function bytesAt(file: FileHandle, atBytes: number, count: number): Promise<Buffer> {
  const { size } = await file.stat();
  const buffer = Buffer.alloc(Math.max(0, Math.min(count, size - atBytes)));
  for (let read = 0; read < buffer.length;) {
    const { bytesRead } = await file.read(buffer, read, buffer.length - read, atBytes + read);
    if (bytesRead === 0) return buffer.subarray(0, read);
    read += bytesRead;
  }
  return buffer;
}

async function unpacked(path: string, member: Buffer, name: string): Promise<Buffer> {
  try {
    return await unpackMember(member);
  } catch (error) {
    throw new DamagedFile(
      `${path}: ${name} is damaged: its checksum differs from the one that was written with it`,
      {
        cause: error,
      },
    );
  }
}
