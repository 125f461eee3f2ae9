import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { down, engines, folderOf, up } from '../../scripts/engines/lifecycle.mjs';
import { describeWith } from './engines.js';

export interface SecureKafkaOptions {
  /** Of `localhost`, as PEM. */
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Who may log in, by `plain`, `scram-sha-256` and `scram-sha-512`. */
  readonly username: string;
  readonly password: string;
}

export interface SecureKafka {
  readonly port: number;
  /** Ends it and removes what it stored. */
  stop(): Promise<void>;
}

/** `describe` for what needs a Kafka with settings of its own, which is a process of this machine, never a container. */
export function describeWithSecureKafka(name: string, body: () => void): void {
  const canStart = spawnSync('mvn', ['--version']).status === 0;
  if (canStart || process.env['ORDERLOG_TEST_REQUIRE_ENGINES'] === '1') describeWith('kafka', name, body);
  // Where engines come as containers there may be no Maven, and a container takes no such settings.
  else describe.skip(`${name} (skipped: Maven not installed)`, body);
}

/** Starts a Kafka that clients reach by TLS and have to log in to; the test has to `stop` it. */
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

/** Beside the one without TLS, by which it is asked whether it is ready. */
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

/** As a Java properties file has a text of several. */
function inOneLine(text: string): string {
  return text.replaceAll('\n', String.raw`\n`);
}
