import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/**
 * A gzip file is a row of members (RFC 1952), and every tool that reads gzip reads them one after the other.
 * Ours say in an extra field, `OL`, how long they are: so each can be found, checked and unpacked by itself,
 * and one that was cut off is known as such.
 */
const GZIP_HEADER_BYTES = 10;
export const MEMBER_HEADER_BYTES = 20;
const SIZE_AT = 16;

// Magic, deflate, FEXTRA, no time, no system; then 8 bytes of extra fields: `OL` with 4 bytes, the size.
const HEADER = Buffer.from([
  ...[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255],
  ...[8, 0, 0x4f, 0x4c, 4, 0, 0, 0, 0, 0],
]);

/** Far above any that is written: a larger one is a damaged byte. */
const MEMBER_LIMIT_BYTES = 64 * 1024 * 1024;

const gzipped = promisify<Buffer, Buffer>(gzip);
const gunzipped = promisify<Buffer, Buffer>(gunzip);

export async function packMember(content: Buffer): Promise<Buffer> {
  const plain = await gzipped(content);
  const member = Buffer.concat([HEADER, plain.subarray(GZIP_HEADER_BYTES)]);
  member.writeUInt32LE(member.length, SIZE_AT);
  return member;
}

/** Whether these bytes, which may be cut off, are the first of a member of ours. */
export function beginsMember(bytes: Buffer): boolean {
  const begin = bytes.subarray(0, SIZE_AT);
  return begin.equals(HEADER.subarray(0, begin.length));
}

/** How long the member with this header is; null: no member of ours can be as long. */
export function memberSizeBytes(header: Buffer): number | null {
  const sizeBytes = header.readUInt32LE(SIZE_AT);
  return sizeBytes > MEMBER_HEADER_BYTES && sizeBytes <= MEMBER_LIMIT_BYTES ? sizeBytes : null;
}

/** @throws when a byte of it was changed, as its checksum shows */
export function unpackMember(member: Buffer): Promise<Buffer> {
  return gunzipped(member);
}
