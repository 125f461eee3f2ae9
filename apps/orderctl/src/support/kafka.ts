import type { Command } from 'commander';
import type { Kafka } from 'kafkajs';
import { ConfigError, overridden, readConfig } from '#platform/config.js';
import { kafkaOf, kafkaSettings, type KafkaConfig } from '#platform/kafka-settings.js';
import { createLogger } from '#platform/logging.js';
import { CliError, UsageError } from './cli-error.js';

export interface KafkaOptions {
  readonly kafka?: string;
  readonly topic?: string;
}

const flags = { ORDERLOG_KAFKA_BROKERS: '--kafka', ORDERLOG_KAFKA_TOPIC: '--topic' } as const;

/** TLS and login come from the environment only: everybody on the machine can see a command line. */
export function withKafka(command: Command): Command {
  return command
    .option('--kafka <brokers>', 'addresses of Kafka brokers: HOST:PORT,… (ORDERLOG_KAFKA_BROKERS)')
    .option('--topic <topic>', 'topic of the order events (ORDERLOG_KAFKA_TOPIC; default: orders.events.v1)');
}

/** As `kafkaNamed`. @throws CliError when no Kafka is named */
export function kafkaConfig(options: KafkaOptions): KafkaConfig {
  const config = kafkaNamed(options);
  if (config !== null) return config;
  throw new CliError('no Kafka is named: give --kafka HOST:PORT, or set ORDERLOG_KAFKA_BROKERS');
}

/** Options first, then the environment; null when neither names a Kafka. @throws UsageError, ConfigError */
export function kafkaNamed({ kafka, topic }: KafkaOptions): KafkaConfig | null {
  const given = { ORDERLOG_KAFKA_BROKERS: kafka, ORDERLOG_KAFKA_TOPIC: topic };
  const told = Object.entries(given).filter((one): one is [string, string] => one[1] !== undefined);
  try {
    return kafkaOf(readConfig(kafkaSettings, overridden(process.env, Object.fromEntries(told))));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [variable] = told.find(([name]) => error.message.startsWith(`${name} `)) ?? [];
    if (variable === undefined) throw error;
    throw new UsageError(error.message.replace(variable, flags[variable as keyof typeof flags]));
  }
}

/** A client that logs nothing: what goes wrong is thrown. It is loaded only here, since most systems have no Kafka. */
export async function openKafka(config: KafkaConfig): Promise<Kafka> {
  const { createKafka } = await import('#platform/kafka.js');
  return createKafka(config, 'orderctl', createLogger('orderctl', 'silent'));
}

/** Turns an error of Kafka's client into one line; returns other errors as they are. */
export function inWords(error: unknown, { brokers }: KafkaConfig): unknown {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return error;
  return new CliError(`Kafka at ${brokers.join(', ')}: ${error.message}`, { cause: error });
}
