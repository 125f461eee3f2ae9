import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { openFolder } from './folders.mjs';
import { findJdk, shortLived } from './jdk.mjs';
import { copyJarsOnce } from './maven.mjs';
import { versions } from './versions.mjs';

const version = versions.KAFKA_VERSION;
const MINIMUM_JDK = 17;
// At the default level, a thousand lines of information would hide the line that tells why Kafka ended.
const LOGGING = ['defaultLogLevel=warn', 'showDateTime=true'].map((one) => `-Dorg.slf4j.simpleLogger.${one}`);
const ANSWER_LIMIT_MS = 2_000;
const CLUSTER_ID = 'orderlogEnginesTest000';

/** One node that is both broker and controller. */
export const kafka = {
  name: 'kafka',
  version,
  ports: ['broker', 'controller'],
  refusesRoot: false,
  variable: 'KAFKA_BROKERS',
  address: ({ broker }) => `127.0.0.1:${broker}`,

  async isReady({ broker }) {
    const admin = new Kafka({
      brokers: [`127.0.0.1:${broker}`],
      logLevel: logLevel.NOTHING,
      connectionTimeout: ANSWER_LIMIT_MS,
      requestTimeout: ANSWER_LIMIT_MS,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length > 0;
    } finally {
      await admin.disconnect();
    }
  },

  /** A caller may add properties, which override those here, and users in the form of StorageTool's --add-scram. */
  prepare({ home, folder, ports, more = '', users = [] }) {
    const java = join(findJdk(MINIMUM_JDK, `Kafka ${version}`), 'bin/java');
    const jars = copyJarsOnce(home, `kafka-${version}`, [
      `org.apache.kafka:kafka_2.13:${version}`,
      'org.slf4j:slf4j-simple:1.7.36', // writes Kafka's log to its standard error
    ]);
    const tmp = openFolder(join(folder, 'tmp'));
    const settings = join(folder, 'server.properties');
    writeFileSync(settings, properties({ ports, data: join(folder, 'data') }) + more);
    if (!existsSync(join(folder, 'data/meta.properties'))) {
      const format = ['-cp', join(jars, '*'), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID];
      const added = users.flatMap((user) => ['--add-scram', user]);
      execFileSync(java, [...format, '-c', settings, ...added], { stdio: 'pipe' });
    }
    return { java, jars, settings, tmp };
  },

  command({ java, jars, settings, tmp }) {
    return {
      file: java,
      args: [
        '-Xmx512m',
        ...shortLived(),
        `-Djava.io.tmpdir=${tmp}`,
        ...LOGGING,
        '-cp',
        join(jars, '*'),
        'kafka.Kafka',
        settings,
      ],
      environment: {},
    };
  },
};

function properties({ ports, data }) {
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${ports.controller}
listeners=PLAINTEXT://127.0.0.1:${ports.broker},CONTROLLER://127.0.0.1:${ports.controller}
controller.listener.names=CONTROLLER
log.dirs=${data}
offsets.topic.num.partitions=5
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
`;
}
