import { readFileSync } from 'node:fs';
import { Kafka, logLevel, type SASLOptions } from 'kafkajs';
import type { KafkaConfig } from './kafka-settings.js';
import type { Logger } from './logging.js';

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Retries within one call. The caller decides how often to call again. */
const RETRIES = 3;
const FIRST_RETRY_MS = 100;

/**
 * A client of Kafka. Its own log messages go to `debug`, since its errors are thrown as well.
 * @throws when the CA file cannot be read
 */
export function createKafka(config: KafkaConfig, clientId: string, logger: Logger): Kafka {
  const { brokers, tls, sasl } = config;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(tls === null ? {} : { ssl: tls.caFile === null ? true : { ca: [readFileSync(tls.caFile)] } }),
    ...(sasl === null ? {} : { sasl: sasl as SASLOptions }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: { retries: RETRIES, initialRetryTime: FIRST_RETRY_MS },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: { message } }) =>
        logger.debug({ namespace }, message),
  });
}
