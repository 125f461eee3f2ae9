import { once } from 'node:events';
import { connect } from 'node:net';
import { openFolder } from './folders.mjs';
import { join } from 'node:path';
import { versions } from './versions.mjs';

/** The server that the system's packages install (Debian: `redis-server`); in a container the version pinned. */
export const redis = {
  name: 'redis',
  version: versions.REDIS_VERSION,
  ports: ['server'],
  refusesRoot: false,
  variable: 'REDIS_URL',
  address: ({ server }) => `redis://127.0.0.1:${server}`,

  async isReady({ server }) {
    const socket = connect(server, '127.0.0.1');
    try {
      await once(socket, 'connect');
      socket.write('PING\r\n');
      const [answer] = await once(socket, 'data');
      return answer.toString().startsWith('+PONG');
    } finally {
      socket.destroy();
    }
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
