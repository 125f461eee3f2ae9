import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { down, engines, folderOf, up } from '../../scripts/engines/lifecycle.mjs';
import { describeWith } from './engines.js';

export interface SecureKafkaOptions {
  /** For `localhost`, as PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** The user that may log in by `plain`, `scram-sha-256` and `scram-sha-512`. */
  readonly username: string;
  readonly password: string;
}

export interface SecureKafka {
  readonly port: number;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/**
 * `describe` for suites that need a Kafka with special settings. It runs as a process of this machine, never in a
 * container.
 */
export function describeWithSecureKafka(name: string, body: () => void): void {
  const canStart = spawnSync('mvn', ['--version']).status === 0;
  if (canStart || process.env['ORDERLOG_TEST_REQUIRE_ENGINES'] === '1') describeWith('kafka', name, body);
  // Where engines run in containers, Maven may be missing, and a container does not take these settings.
  else describe.skip(`${name} (skipped: Maven not installed)`, body);
}

/** Starts a Kafka with TLS and login. The test has to `stop` it. */
export async function startSecureKafka(options: SecureKafkaOptions): Promise<SecureKafka> {
  const { username, password } = options;
  const kafka = {
    ...engines.kafka,
    ports: [...engines.kafka.ports, 'secure'],
    alwaysProcess: true,
    prepare: (preparing: Parameters<typeof engines.kafka.prepare>[0]) =>
      engines.kafka.prepare({
        ...preparing,
        more: secureListener(preparing.ports, options),
        users: [256, 512].map((bits) => `SCRAM-SHA-${bits}=[name=${username},password=${password}]`),
      }),
  };
  const parent = process.env['ORDERLOG_TEST_ENGINES_FOLDER'] ?? tmpdir();
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, 'orderlog-own-kafka-'));
  const place = folderOf(kafka, folder);
  const stop = async () => {
    await down(kafka, place);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const { ports } = await up(kafka, place);
    return { port: ports['secure']!, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A listener in addition to the one without TLS, which the readiness check uses. */
function secureListener(
  { broker, controller, secure }: Readonly<Record<string, number>>,
  { certificate, username, password }: SecureKafkaOptions,
): string {
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`;
  const settings = {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': inOneLine(certificate.cert),
    'ssl.keystore.key': inOneLine(certificate.key),
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'plain.sasl.jaas.config': plain,
    'scram-sha-256.sasl.jaas.config': scram,
    'scram-sha-512.sasl.jaas.config': scram,
  };
  return [
    `listeners=PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller},SECURE://127.0.0.1:${secure}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${broker},SECURE://localhost:${secure}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    ...Object.entries(settings).map(([name, value]) => `listener.name.secure.${name}=${value}`),
    '',
  ].join('\n');
}

/** Escapes line feeds, as a Java properties file needs. */
function inOneLine(text: string): string {
  return text.replaceAll('\n', String.raw`\n`);
}
