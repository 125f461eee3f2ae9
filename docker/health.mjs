// A container's health check: exits 0 where the app of this container answers, 1 where it does not.
// With a path, by HTTP with a status of success; without one, by taking a connection.
import { connect } from 'node:net';

const LIMIT_MS = 3_000;
const [, , path] = process.argv;
const port = Number(process.env.ORDERLOG_PORT);

const answers = path
  ? fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(LIMIT_MS) }).then(({ ok }) => ok)
  : new Promise((done) => {
      const socket = connect({ port, host: '127.0.0.1', timeout: LIMIT_MS });
      socket.once('connect', () => done(true));
      for (const failure of ['error', 'timeout']) socket.once(failure, () => done(false));
    });
process.exit(
  (await answers.then(
    (ok) => ok,
    () => false,
  ))
    ? 0
    : 1,
);
