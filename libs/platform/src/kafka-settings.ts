import { ConfigError, type Setting, type ValuesOf } from './config.js';
import { envFile, envFlag, envInteger, envOneOf, envOptional, envOptionalText } from './env-settings.js';
import type { ConfigName } from './config-names.js';

/** How an app reaches Kafka, and the topic of order events. */
export const kafkaSettings = {
  brokers: envOptional(brokerList('ORDERLOG_KAFKA_BROKERS')),
  topic: envOptional(topicName('ORDERLOG_KAFKA_TOPIC')),
  partitions: envOptional(envInteger('ORDERLOG_KAFKA_PARTITIONS', { min: 1, max: 10_000 })),
  replication: envOptional(envInteger('ORDERLOG_KAFKA_REPLICATION', { min: 1, max: 100 })),
  retentionHours: envOptional(retention('ORDERLOG_KAFKA_RETENTION_HOURS')),
  compression: envOptional(envOneOf('ORDERLOG_KAFKA_COMPRESSION', ['none', 'gzip'])),
  tls: envOptional(envFlag('ORDERLOG_KAFKA_TLS', false)),
  caFile: envOptional(envFile('ORDERLOG_KAFKA_CA_FILE')),
  saslMechanism: envOptional(
    envOneOf('ORDERLOG_KAFKA_SASL_MECHANISM', ['plain', 'scram-sha-256', 'scram-sha-512']),
  ),
  saslUsername: envOptionalText('ORDERLOG_KAFKA_SASL_USERNAME'),
  saslPassword: envOptionalText('ORDERLOG_KAFKA_SASL_PASSWORD'),
};

type KafkaValues = ValuesOf<typeof kafkaSettings>;

/** How to reach Kafka, and what the topic is to be like should it have to be created. */
export interface KafkaConfig {
  /** `host:port` of each. */
  readonly brokers: readonly string[];
  readonly topic: string;
  /** null: not configured. */
  readonly partitions: number | null;
  readonly replication: number | null;
  /** -1: for ever. */
  readonly retentionMs: number | null;
  readonly compression: 'none' | 'gzip';
  readonly tls: { readonly caFile: string | null } | null;
  readonly sasl: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  } | null;
}

/** The topic that messages go to unless another one is configured. */
export const DEFAULT_TOPIC = 'orders.events.v1';

const MS_PER_HOUR = 3_600_000;

/**
 * Where Kafka is; null: none is configured.
 * @throws ConfigError when the settings contradict each other
 */
export function kafkaOf(values: KafkaValues): KafkaConfig | null {
  const { brokers, topic, partitions, replication, retentionHours, compression } = values;
  if (brokers === null) {
    for (const key of Object.keys(kafkaSettings) as (keyof KafkaValues)[]) {
      if (values[key] !== null) refuseWithout(kafkaSettings[key].variable, 'ORDERLOG_KAFKA_BROKERS');
    }
    return null;
  }
  return {
    brokers,
    topic: topic ?? DEFAULT_TOPIC,
    partitions,
    replication,
    retentionMs:
      retentionHours === null || retentionHours < 0 ? retentionHours : retentionHours * MS_PER_HOUR,
    compression: compression ?? 'none',
    tls: tlsOf(values),
    sasl: saslOf(values),
  };
}

function tlsOf({ tls, caFile }: KafkaValues): KafkaConfig['tls'] {
  if (tls === true) return { caFile };
  if (caFile !== null) {
    throw new ConfigError(
      'ORDERLOG_KAFKA_CA_FILE is set, but ORDERLOG_KAFKA_TLS is not true: set it to true, or unset ORDERLOG_KAFKA_CA_FILE',
    );
  }
  return null;
}

function saslOf({ saslMechanism, saslUsername, saslPassword }: KafkaValues): KafkaConfig['sasl'] {
  if (saslMechanism === null) {
    if (saslUsername !== null) refuseWithout('ORDERLOG_KAFKA_SASL_USERNAME', 'ORDERLOG_KAFKA_SASL_MECHANISM');
    if (saslPassword !== null) refuseWithout('ORDERLOG_KAFKA_SASL_PASSWORD', 'ORDERLOG_KAFKA_SASL_MECHANISM');
    return null;
  }
  if (saslUsername === null) refuseWithout('ORDERLOG_KAFKA_SASL_MECHANISM', 'ORDERLOG_KAFKA_SASL_USERNAME');
  if (saslPassword === null) refuseWithout('ORDERLOG_KAFKA_SASL_MECHANISM', 'ORDERLOG_KAFKA_SASL_PASSWORD');
  return { mechanism: saslMechanism, username: saslUsername, password: saslPassword };
}

function refuseWithout(variable: ConfigName, other: ConfigName): never {
  throw new ConfigError(`${variable} is set, but ${other} is not: set both, or neither`);
}

function retention(variable: ConfigName): Setting<number> {
  const hours = envInteger(variable, { min: -1, max: 1_000_000 });
  return {
    ...hours,
    read: (text) => {
      const value = hours.read(text);
      if (value !== 0) return value;
      throw new ConfigError(
        `${variable} is 0, so Kafka would keep nothing: give a number of hours, or -1 for ever`,
      );
    },
  };
}

function brokerList(variable: ConfigName): Setting<readonly string[]> {
  return {
    variable,
    read: (text = '') => {
      const brokers = text.split(',').map((broker) => broker.trim());
      // The value is not repeated: somebody may have put a password into it.
      if (!brokers.every(isBroker)) {
        throw new ConfigError(`${variable} is not a list of brokers: give HOST:PORT,HOST:PORT`);
      }
      return brokers;
    },
  };
}

function isBroker(text: string): boolean {
  // The client cannot parse an address in brackets, so an IPv6 broker needs a name.
  const port = /^[^\s:@/[\]]+:(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

/** A name that Kafka allows for a topic. */
function isTopicName(text: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(text) && text !== '.' && text !== '..';
}

function topicName(variable: ConfigName): Setting<string> {
  return {
    variable,
    read: (text = '') => {
      if (isTopicName(text)) return text;
      throw new ConfigError(
        `${variable} is not the name of a topic: give at most 249 characters of a-z, A-Z, 0-9, ., _ and -`,
      );
    },
  };
}
