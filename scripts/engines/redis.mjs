import { connect } from 'node:net';
import { join } from 'node:path';
import { openFolder } from './folders.mjs';
import { versions } from './versions.mjs';

const ANSWER_LIMIT_MS = 2_000;

/** The Redis server of the system's packages (Debian: `redis-server`); in a container, the pinned version. */
export const redis = {
  name: 'redis',
  version: versions.REDIS_VERSION,
  ports: ['server'],
  refusesRoot: false,
  variable: 'REDIS_URL',
  address: ({ server }) => `redis://127.0.0.1:${server}`,

  async isReady({ server }) {
    const socket = connect(server, '127.0.0.1');
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy());
    socket.write('PING\r\n');
    for await (const answer of socket) return answer.toString().startsWith('+PONG');
    return false;
  },

  prepare({ folder }) {
    return { data: openFolder(join(folder, 'data')) };
  },

  command({ data }, { ports }) {
    const args = [
      '--bind',
      '127.0.0.1',
      '--port',
      String(ports.server),
      '--dir',
      data,
      '--appendonly',
      'yes',
    ];
    return { file: 'redis-server', args, environment: {} };
  },
};
