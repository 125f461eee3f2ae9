import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

/**
 * A gzip file is a sequence of members (RFC 1952), and every tool that reads gzip reads them one after another.
 * The members written here state their size in an extra field, `OL`. So each member can be found, checked and
 * unpacked by itself, and a member that was cut off is recognized.
 */
const GZIP_HEADER_BYTES = 10;
export const MEMBER_HEADER_BYTES = 20;
const SIZE_AT = 16;

// Magic, deflate, FEXTRA, no time, no system; then 8 bytes of extra fields: `OL` with 4 bytes, the size.
const HEADER = Buffer.from([
  ...[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255],
  ...[8, 0, 0x4f, 0x4c, 4, 0, 0, 0, 0, 0],
]);

/** Far above any size that is written: a larger one means a damaged byte. */
const MEMBER_LIMIT_BYTES = 64 * 1024 * 1024;

const gzipped = promisify<Buffer, Buffer>(gzip);
const gunzipped = promisify<Buffer, Buffer>(gunzip);

export async function packMember(content: Buffer): Promise<Buffer> {
  const plain = await gzipped(content);
  const member = Buffer.concat([HEADER, plain.subarray(GZIP_HEADER_BYTES)]);
  member.writeUInt32LE(member.length, SIZE_AT);
  return member;
}

/** Whether these bytes, which may be cut off, begin like a member written here. */
export function beginsMember(bytes: Buffer): boolean {
  const begin = bytes.subarray(0, SIZE_AT);
  return begin.equals(HEADER.subarray(0, begin.length));
}

/** Size of the member with this header; null: no member written here has such a size. */
export function memberSizeBytes(header: Buffer): number | null {
  const sizeBytes = header.readUInt32LE(SIZE_AT);
  return sizeBytes > MEMBER_HEADER_BYTES && sizeBytes <= MEMBER_LIMIT_BYTES ? sizeBytes : null;
}

/** @throws when the checksum shows that a byte was changed */
export function unpackMember(member: Buffer): Promise<Buffer> {
  return gunzipped(member);
}
