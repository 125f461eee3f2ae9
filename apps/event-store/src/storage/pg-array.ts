const OIDS = { bool: 16, bytea: 17, int8: 20, text: 25, uuid: 2950 } as const;

/** An array's header: number of dimensions (1), null flag (0), element type, length, lower bound (1). */
const HEADER_BYTES = 20;

/**
 * Arrays in PostgreSQL's binary format, for `unnest($1::bytea[], …)`. In text format, every byte of an event
 * would be two digits to write here and to parse in PostgreSQL.
 */
function allocate(type: keyof typeof OIDS, count: number, contentBytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + count * 4 + contentBytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(OIDS[type], 8);
  buffer.writeInt32BE(count, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

export function int8Array(values: readonly number[]): Buffer {
  const buffer = allocate('int8', values.length, values.length * 8);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(8, at);
    at = buffer.writeInt32BE(Math.floor(value / 0x1_0000_0000), at);
    at = buffer.writeUInt32BE(value % 0x1_0000_0000, at);
  }
  return buffer;
}

export function textArray(values: readonly string[]): Buffer {
  let bytes = 0;
  for (const value of values) bytes += Buffer.byteLength(value);
  const buffer = allocate('text', values.length, bytes);
  let at = HEADER_BYTES;
  for (const value of values) {
    const length = buffer.write(value, at + 4);
    buffer.writeInt32BE(length, at);
    at += 4 + length;
  }
  return buffer;
}

export function byteaArray(values: readonly Uint8Array[]): Buffer {
  let bytes = 0;
  for (const value of values) bytes += value.length;
  const buffer = allocate('bytea', values.length, bytes);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(value.length, at);
    buffer.set(value, at);
    at += value.length;
  }
  return buffer;
}

/** UUIDs as text with dashes. */
export function uuidArray(values: readonly string[]): Buffer {
  const buffer = allocate('uuid', values.length, values.length * 16);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(16, at);
    at += buffer.write(value.replaceAll('-', ''), at, 16, 'hex');
  }
  return buffer;
}

export function boolArray(values: readonly boolean[]): Buffer {
  const buffer = allocate('bool', values.length, values.length);
  let at = HEADER_BYTES;
  for (const value of values) {
    at = buffer.writeInt32BE(1, at);
    buffer[at++] = value ? 1 : 0;
  }
  return buffer;
}
