import { createServer } from 'node:net';
import { CliError } from '../support/cli-error.js';

export interface WantedPort {
  readonly port: number;
  /** The app that will listen there. */
  readonly app: string;
  /** The option that chooses the port. */
  readonly option: string;
}

/**
 * Refuses to start when a port is taken, before anything is started.
 *
 * @param patienceMs how long to wait for the ports: after a kill -9 the last run's apps may still be draining
 * @throws CliError naming every port that is taken, and the option that changes it.
 */
export async function ensurePortsFree(wanted: readonly WantedPort[], patienceMs: number): Promise<void> {
  refuseTwice(wanted);
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const free = await Promise.all(wanted.map(({ port }) => isFree(port)));
    const taken = wanted.filter((_, index) => !free[index]);
    if (taken.length === 0) return;
    if (Date.now() >= giveUpAt) throw new CliError(taken.map(describe).join('; '));
    await new Promise((next) => setTimeout(next, 200));
  }
}

function describe({ port, app, option }: WantedPort): string {
  return `port ${port} for ${app} is taken: stop what listens there, or choose another with ${option}`;
}

function refuseTwice(wanted: readonly WantedPort[]): void {
  for (const [index, one] of wanted.entries()) {
    const other = wanted.slice(index + 1).find(({ port }) => port === one.port);
    if (other)
      throw new CliError(
        `port ${one.port} is given to both ${one.app} and ${other.app}: change ${one.option} or ${other.option}`,
      );
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else if (error.code === 'EACCES')
        reject(new CliError(`port ${port} is not allowed: choose one above 1023`));
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
