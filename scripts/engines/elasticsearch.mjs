import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFolder } from './folders.mjs';
import { findJdk, shortLived } from './jdk.mjs';
import { unpackOnce } from './maven.mjs';
import { versions } from './versions.mjs';

const version = versions.ELASTICSEARCH_VERSION;
const MINIMUM_JDK = 21;
const ANSWER_LIMIT_MS = 5_000;

/** Elastic's own build for integration tests: the server with few of its modules and without a JDK. */
export const elasticsearch = {
  name: 'elasticsearch',
  version,
  ports: ['http', 'transport'],
  refusesRoot: true,
  variable: 'ELASTICSEARCH_URL',
  address: ({ http }) => `http://127.0.0.1:${http}`,

  async isReady({ http }) {
    const health = await fetch(`http://127.0.0.1:${http}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    return health.ok;
  },

  prepare({ home, folder }) {
    const jdk = findJdk(MINIMUM_JDK, `Elasticsearch ${version}`);
    const archive = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${version}:zip`;
    const installed = join(unpackOnce(home, `elasticsearch-${version}`, archive), `elasticsearch-${version}`);
    // Elasticsearch writes into its configuration and working folders, so each node has its own.
    const config = join(folder, 'config');
    if (!existsSync(config)) cpSync(join(installed, 'config'), config, { recursive: true });
    for (const name of ['logs', 'tmp']) openFolder(join(folder, name));
    const options = ['-Xms1g', '-Xmx1g', ...shortLived()];
    writeFileSync(join(config, 'jvm.options.d/own.options'), `${options.join('\n')}\n`);
    return { jdk, installed };
  },

  command({ jdk, installed }, { folder, ports }) {
    const settings = {
      'discovery.type': 'single-node',
      'xpack.security.enabled': false,
      'http.host': '127.0.0.1',
      'http.port': ports.http,
      'transport.host': '127.0.0.1',
      'transport.port': ports.transport,
      'path.data': join(folder, 'data'),
      'path.logs': join(folder, 'logs'),
      // A nearly full disk is left to the developer. By default Elasticsearch would make the index read-only.
      'cluster.routing.allocation.disk.threshold_enabled': false,
    };
    return {
      file: join(installed, 'bin/elasticsearch'),
      args: Object.entries(settings).map(([name, value]) => `-E${name}=${value}`),
      environment: {
        ES_JAVA_HOME: jdk,
        ES_PATH_CONF: join(folder, 'config'),
        ES_TMPDIR: join(folder, 'tmp'),
        CLI_JAVA_OPTS: `-Djava.io.tmpdir=${join(folder, 'tmp')}`, // for the process that starts the server
      },
    };
  },
};
