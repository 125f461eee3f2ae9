import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../support/cli-error.js';

const GZIP_MAGIC = [0x1f, 0x8b];

/**
 * The text of a file, chunk by chunk. Its first bytes tell whether it is gzipped or plain, not its name.
 *
 * @throws CliError when the file cannot be read, its gzip is cut or damaged, or its text is no UTF-8.
 */
export async function* readText(path: string): AsyncGenerator<string> {
  const file = await openFile(path);
  try {
    const zipped = await isGzip(file);
    const bytes = file.createReadStream({ start: 0, autoClose: false, highWaterMark: 256 * 1024 });
    // pipeline, not pipe(): an error of the file must reach the reader of the unzipped stream, who hears it there.
    const source = zipped ? pipeline(bytes, createGunzip({ chunkSize: 256 * 1024 }), () => {}) : bytes;
    const decoder = new TextDecoder('utf-8', { fatal: true });
    for await (const chunk of source as AsyncIterable<Buffer>) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    throw new CliError(`${path}: ${whyUnreadable(error)}`, { cause: error });
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new CliError(`${path}: ${whyUnreadable(error)}`, { cause: error });
  }
}

async function isGzip(file: FileHandle): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && GZIP_MAGIC.every((byte, index) => buffer[index] === byte);
}

function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'cannot be read: check its permissions';
  if (code === 'EISDIR') return 'is a folder: name the files in it';
  if (code === 'Z_BUF_ERROR') return 'the gzip data is cut off: get the whole file again';
  if (code?.startsWith('Z_')) return `the gzip data is damaged (${message}): get the file again`;
  // Now and then zlib closes before it says why.
  if (code === 'ERR_STREAM_PREMATURE_CLOSE') return 'the gzip data is damaged: get the file again';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is not UTF-8: convert it to UTF-8 first';
  return message;
}
