import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventsFileReader } from './events-file.reader.js';
import { EventsFileWriter } from './events-file.writer.js';

describe('a file of events', () => {
  let folder: string;
  let file: FileHandle;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'orderlog-events-'));
    file = await open(join(folder, 'events.gz'), 'w+');
  });
  afterEach(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  it('is whole where the disk takes a few bytes at a time', async () => {
    const writer = await EventsFileWriter.begin(inPieces(file, 7), { store: 'S', upTo: '2' });
    await writer.add('{"a":1}', 1n);
    await writer.endChunk();
    await writer.add('{"b":2}', 2n);
    const footer = await writer.finish(1);

    const reader = (await EventsFileReader.open('events.gz', file))!;
    const lines: string[] = [];
    for await (const chunk of reader.chunks()) lines.push(...chunk.lines);
    expect(lines).toEqual(['{"a":1}', '{"b":2}']);
    expect(reader.footer).toEqual(footer);
    expect((await file.stat()).size).toBe(writer.sizeBytes);
  });

  it('is not gone on with where something else has written into it', async () => {
    const writer = await EventsFileWriter.begin(file, { store: 'S', upTo: '2' });
    await writer.add('{"a":1}', 1n);
    await file.write('x', writer.sizeBytes);
    await expect(writer.endChunk()).rejects.toThrow('something else writes the file, too');
  });
});

/** The same file, whose `write` takes at most `mostBytes` at a time. */
function inPieces(file: FileHandle, mostBytes: number): FileHandle {
  const write = (bytes: Buffer, offset: number, length: number, position: number) =>
    file.write(bytes, offset, Math.min(length, mostBytes), position);
  return {
    write,
    truncate: (length: number) => file.truncate(length),
    sync: () => file.sync(),
    stat: () => file.stat(),
  } as unknown as FileHandle;
}
