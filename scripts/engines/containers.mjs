import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { EngineFailure } from './failure.mjs';

const ANSWER_LIMIT_MS = 10_000;
const COMPOSE_FILE = fileURLToPath(new URL('../../docker/engines.yaml', import.meta.url));

/** Whether a Docker engine answers and Compose is installed. A Docker client alone is not enough. */
export function dockerAnswers() {
  return [
    ['info', '--format', '{{.ServerVersion}}'],
    ['compose', 'version'],
  ].every((args) => spawnSync('docker', args, { timeout: ANSWER_LIMIT_MS }).status === 0);
}

/** Runs engines as containers of docker/engines.yaml, with one Compose project for each folder. */
export const containers = {
  name: 'container',

  async start(engine, { folder, ports }) {
    const project = `orderlog-${engine.name}-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
    // The Compose file has one port variable for each engine: its first port, which clients use.
    const port = { [`${engine.name.toUpperCase()}_PORT`]: String(ports[engine.ports[0]]) };
    const identity = { project, environment: port };
    try {
      compose(identity, ['up', '--detach', '--quiet-pull', engine.name]);
    } catch (error) {
      await this.stop(engine, identity);
      throw error;
    }
    return identity;
  },

  isRunning(engine, state) {
    return compose(state, ['ps', '--quiet', '--status', 'running', engine.name]).trim() !== '';
  },

  async stop(_engine, state) {
    compose(state, ['down', '--volumes', '--remove-orphans', '--timeout', '20']);
  },

  async kill(engine, state) {
    compose(state, ['kill', '--signal', 'SIGKILL', engine.name]);
  },

  log: (engine, { state }) => compose(state, ['logs', '--no-color', engine.name]),

  whereIs: ({ project }) => `container, Compose project ${project}`,
};

function compose({ project, environment }, args) {
  try {
    return execFileSync('docker', ['compose', '--file', COMPOSE_FILE, '--project-name', project, ...args], {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    throw new EngineFailure(
      `docker compose ${args.join(' ')} failed:\n${error.stderr ?? error.message}`.trimEnd(),
    );
  }
}
