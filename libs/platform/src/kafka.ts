import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

/** Of one connection to a broker, within kafkajs 2.2.4. */
interface RequestQueue {
  readonly pending: readonly unknown[];
  /** In `Date.now()` time. */
  readonly throttledUntil: number;
  scheduleCheckPendingRequests: (this: RequestQueue) => void;
}

/**
 * kafkajs 2.2.4 looks every millisecond after requests that wait to be sent, also on idle connections, and Node 24 warns
 * of the delay, which is negative (tulios/kafkajs#1751).
 */
function keepIdleConnectionsQuiet(): void {
  const require = createRequire(import.meta.url);
  const { prototype: queue } = require('kafkajs/src/network/requestQueue/index.js') as {
    prototype: RequestQueue;
  };
  const look = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) look.call(this);
  };
}

keepIdleConnectionsQuiet();
