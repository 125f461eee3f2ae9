import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from './config.js';
import { kafkaOf, kafkaSettings } from './kafka-settings.js';

type Environment = Readonly<Record<string, string>>;

const BROKERS = { ORDERLOG_KAFKA_BROKERS: 'a.example:9092, 127.0.0.1:9093' };
const mechanism = { ORDERLOG_KAFKA_SASL_MECHANISM: 'plain' };
const user = { ORDERLOG_KAFKA_SASL_USERNAME: 'relay' };
const password = { ORDERLOG_KAFKA_SASL_PASSWORD: 'secret' };
const config = (environment: Environment) => kafkaOf(readConfig(kafkaSettings, environment));

describe('the settings of Kafka', () => {
  it('are none where nothing is set', () => {
    expect(config({})).toBeNull();
  });

  it('need no more than brokers', () => {
    expect(config(BROKERS)).toEqual({
      brokers: ['a.example:9092', '127.0.0.1:9093'],
      topic: 'orders.events.v1',
      partitions: null,
      replication: null,
      retentionMs: null,
      compression: 'none',
      tls: null,
      sasl: null,
    });
  });

  it('say everything of the topic and the way to it', () => {
    const all = config({
      ...BROKERS,
      ORDERLOG_KAFKA_TOPIC: 'events',
      ORDERLOG_KAFKA_PARTITIONS: '12',
      ORDERLOG_KAFKA_REPLICATION: '3',
      ORDERLOG_KAFKA_RETENTION_HOURS: '24',
      ORDERLOG_KAFKA_COMPRESSION: 'gzip',
      ORDERLOG_KAFKA_TLS: 'true',
      ORDERLOG_KAFKA_CA_FILE: 'package.json',
      ORDERLOG_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      ORDERLOG_KAFKA_SASL_USERNAME: 'relay',
      ORDERLOG_KAFKA_SASL_PASSWORD: 'secret',
    });
    expect(all).toMatchObject({ topic: 'events', partitions: 12, replication: 3, retentionMs: 86_400_000 });
    expect(all).toMatchObject({ compression: 'gzip', tls: { caFile: 'package.json' } });
    expect(all?.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'relay', password: 'secret' });
    expect(config({ ...BROKERS, ORDERLOG_KAFKA_RETENTION_HOURS: '-1' })?.retentionMs).toBe(-1);
  });

  it.each<[string, Environment, RegExp]>([
    [
      'a topic of nowhere',
      { ORDERLOG_KAFKA_TOPIC: 'events' },
      /TOPIC is set, but ORDERLOG_KAFKA_BROKERS is not/,
    ],
    ['a password of nowhere', { ORDERLOG_KAFKA_SASL_PASSWORD: 'secret' }, /PASSWORD is set, but .*BROKERS/],
    ['a user without password', { ...BROKERS, ...mechanism, ...user }, /SASL_PASSWORD is not/],
    ['a password without user', { ...BROKERS, ...mechanism, ...password }, /SASL_USERNAME is not/],
    ['a login without mechanism', { ...BROKERS, ...user, ...password }, /SASL_MECHANISM is not/],
    ['an authority without TLS', { ...BROKERS, ORDERLOG_KAFKA_CA_FILE: 'package.json' }, /TLS is not true/],
    ['a broker without port', { ORDERLOG_KAFKA_BROKERS: 'kafka' }, /not a list of brokers: give HOST:PORT/],
    [
      'a URL',
      { ORDERLOG_KAFKA_BROKERS: 'kafka://user:secret@kafka:9092' },
      /not a list of brokers: give HOST:PORT/,
    ],
    [
      'an address in brackets',
      { ORDERLOG_KAFKA_BROKERS: '[::1]:9092' },
      /not a list of brokers: give HOST:PORT/,
    ],
    [
      'no hours',
      { ...BROKERS, ORDERLOG_KAFKA_RETENTION_HOURS: '0' },
      /Kafka would keep nothing: give a number of hours, or -1/,
    ],
    ['port 0', { ORDERLOG_KAFKA_BROKERS: 'kafka:0' }, /not a list of brokers: give HOST:PORT/],
    ['a name that is none', { ...BROKERS, ORDERLOG_KAFKA_TOPIC: 'a topic' }, /not the name of a topic/],
    ['no partition', { ...BROKERS, ORDERLOG_KAFKA_PARTITIONS: '0' }, /PARTITIONS is "0"/],
    ['another codec', { ...BROKERS, ORDERLOG_KAFKA_COMPRESSION: 'zstd' }, /give one of none, gzip/],
  ])('refuse %s in one line without its secrets', (_what, environment, why) => {
    expect(() => config(environment)).toThrow(ConfigError);
    expect(() => config(environment)).toThrow(why);
    expect(() => config(environment)).not.toThrow(/secret|\n/);
  });
});
