import { Kafka, logLevel, type LogEntry } from 'kafkajs';
import { keepIdleConnectionsQuiet } from './idle-connections.js';
import { log } from './log.js';
import type { Settings } from './settings.js';

keepIdleConnectionsQuiet();

/** TLS and a login, where the brokers ask for them, belong here: `ssl`, `sasl`. */
export function kafkaOf(settings: Pick<Settings, 'NOTIFIER_KAFKA_BROKERS'>): Kafka {
  return new Kafka({
    clientId: 'notifier',
    brokers: [...settings.NOTIFIER_KAFKA_BROKERS],
    logLevel: logLevel.ERROR,
    logCreator: () => tell,
  });
}

function tell({ namespace, log: { message, error } }: LogEntry): void {
  log('error', `kafka: ${message}`, {
    part: namespace,
    ...(error === undefined ? {} : { error: String(error) }),
  });
}
