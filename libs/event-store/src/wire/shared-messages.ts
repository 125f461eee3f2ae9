import type { ProtobufReader } from './protobuf-reader.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const isUuid = (text: string): boolean => UUID.test(text);

/** A UUID comes as text or as two halves of 64 bits. */
export function readUuid(reader: ProtobufReader): string {
  let text = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) text = readUuidHalves(reader.message());
    else if (field === 2) text = reader.text();
    else reader.skip();
  }
  return text;
}

function readUuidHalves(reader: ProtobufReader): string {
  let high = 0n;
  let low = 0n;
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) high = reader.varint64();
    else if (field === 2) low = reader.varint64();
    else reader.skip();
  }
  const hex = high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function readStreamIdentifier(reader: ProtobufReader): string {
  let name = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 3) name = reader.text();
    else reader.skip();
  }
  return name;
}

/** An entry of a `map<string, string>`. */
export function readMapEntry(reader: ProtobufReader): [key: string, value: string] {
  let key = '';
  let value = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) key = reader.text();
    else if (field === 2) value = reader.text();
    else reader.skip();
  }
  return [key, value];
}
