import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A new self-signed certificate for `localhost` that is its own authority, and its key, both as PEM. */
export function selfSignedCertificate(): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const ecdsaWithSha256 = sequence(objectId('06082a8648ce3d040302'));
  const name = sequence(set(sequence(objectId('0603550403'), value(0x0c, Buffer.from('localhost')))));
  const day = 24 * 3_600_000;
  const period = sequence(utcTime(Date.now() - day), utcTime(Date.now() + day));
  const signed = sequence(
    value(0xa0, value(0x02, Buffer.from([2]))), // version 3
    value(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    period,
    name,
    publicKey,
    value(0xa3, sequence(basicConstraints(), subjectAltName('localhost'))),
  );
  const signature = sign('sha256', signed, createPrivateKey(privateKey));
  const der = sequence(signed, ecdsaWithSha256, value(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey };
}

/** One DER value (X.690): tag, length and content. */
function value(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Buffer[]): Buffer => value(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]): Buffer => value(0x31, Buffer.concat(parts));
const objectId = (hex: string): Buffer => Buffer.from(hex, 'hex');

function utcTime(ms: number): Buffer {
  const digits = new Date(ms)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2);
  return value(0x17, Buffer.from(digits));
}

/** RFC 5280, 4.2.1.9: the certificate may sign certificates, at least itself. */
function basicConstraints(): Buffer {
  const isAuthority = value(0x04, sequence(value(0x01, Buffer.from([0xff]))));
  return sequence(objectId('0603551d13'), value(0x01, Buffer.from([0xff])), isAuthority);
}

/** RFC 5280, 4.2.1.6. */
function subjectAltName(host: string): Buffer {
  return sequence(objectId('0603551d11'), value(0x04, sequence(value(0x82, Buffer.from(host)))));
}
