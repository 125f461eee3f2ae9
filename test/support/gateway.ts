import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, it } from '@jest/globals';
import { Agent, fetch, type RequestInit } from 'undici';
import { freePort } from '#platform/free-port.js';
import { repositoryRoot } from './seeded-tree.js';
import { until } from './until.js';

const GATEWAY = join(repositoryRoot, 'docker/gateway');
const TEMPLATE = join(GATEWAY, 'nginx.conf.template');
const START_MS = 20_000;

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface TestGateway {
  readonly url: string;
  readonly httpUrl: string;
  /** Over TLS, trusting only the gateway's certificate; redirects are not followed. */
  ask(path: string, init?: RequestInit): Promise<GatewayAnswer>;
  close(): Promise<void>;
}

/** What startGateway needs. */
export const GATEWAY_TOOLS = ['nginx', 'envsubst', 'openssl'] as const;
type Tool = (typeof GATEWAY_TOOLS)[number];

/** `describe` for suites that need such tools; see describeWith in engines.ts. */
export function describeWithTools(needed: readonly Tool[], name: string, body: () => void): void {
  const absent = needed.filter((tool) => !isInstalled(tool)).join(' and ');
  if (absent === '') {
    describe(name, body);
  } else if (process.env['ORDERLOG_TEST_REQUIRE_ENGINES'] === '1') {
    describe(name, () => {
      it(`has ${absent}`, () => {
        throw new Error(`${absent} not installed, and ORDERLOG_TEST_REQUIRE_ENGINES=1 demands it`);
      });
    });
  } else {
    describe.skip(`${name} (skipped: ${absent} not installed)`, body);
  }
}

function isInstalled(tool: Tool): boolean {
  return (
    spawnSync(tool, [tool === 'envsubst' ? '--version' : tool === 'nginx' ? '-v' : 'version']).status === 0
  );
}

/** The defaults that docker/Dockerfile sets for the gateway. */
async function gatewayDefaults(): Promise<Record<string, string>> {
  const dockerfile = await readFile(join(repositoryRoot, 'docker/Dockerfile'), 'utf8');
  const stage = dockerfile.slice(dockerfile.indexOf(' AS gateway'));
  const lines = [...stage.matchAll(/^(?:ENV)? +(GATEWAY_\w+=\S+)/gm)].map(([, line]) => line);
  return parseEnv(lines.join('\n')) as Record<string, string>;
}

/**
 * The gateway of docker/, started as its image starts it: certificate.sh makes the certificate, envsubst fills in
 * the template, and nginx runs. It uses free ports. `settings` are GATEWAY_ variables, such as the addresses of
 * the apps.
 */
export async function startGateway(settings: Readonly<Record<string, string>>): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), 'orderlog-gateway-'));
  await chmod(folder, 0o711); // started by root, nginx runs its workers as another user
  const [httpPort, httpsPort] = await Promise.all([freePort(), freePort()]);
  const url = `https://localhost:${httpsPort}`;
  const variables: Record<string, string> = {
    ...(await gatewayDefaults()),
    GATEWAY_FOLDER: folder,
    GATEWAY_TLS_FOLDER: folder,
    GATEWAY_URL: url,
    GATEWAY_HTTP_PORT: `127.0.0.1:${httpPort}`,
    GATEWAY_HTTPS_PORT: `127.0.0.1:${httpsPort}`,
    ...settings,
  };
  const environment = { ...process.env, ...variables };
  run('sh', [join(GATEWAY, 'certificate.sh')], environment);
  const names = Object.keys(variables).map((name) => `\${${name}}`);
  const template = await readFile(TEMPLATE, 'utf8');
  const configuration = join(folder, 'nginx.conf');
  await writeFile(configuration, run('envsubst', [names.join(' ')], environment, template));
  const log = await open(join(folder, 'nginx.log'), 'a');
  const args = ['-c', configuration, '-e', 'stderr', '-g', 'daemon off;'];
  const said = () => readFile(join(folder, 'nginx.log'), 'utf8');
  // The output goes to a file, because nginx opens /dev/stdout by its name, which fails for a pipe of ours.
  const checked = spawnSync('nginx', ['-t', ...args], { stdio: ['ignore', log.fd, log.fd] });
  if (checked.status !== 0) throw new Error(await said());
  const nginx = spawn('nginx', args, { stdio: ['ignore', log.fd, log.fd] });
  const exited = new Promise<void>((done) => nginx.once('exit', () => done()));
  const agent = new Agent({ connect: { ca: await readFile(join(folder, 'tls.crt')) } });
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(url + path, { dispatcher: agent, redirect: 'manual', ...init });
    return {
      status: answer.status,
      headers: answer.headers as unknown as Headers,
      text: await answer.text(),
    };
  };
  await until(
    'the gateway answers',
    async () => {
      if (nginx.exitCode !== null) throw new Error(await said());
      return ask('/health/live').then(
        ({ status }) => status === 200,
        () => false,
      );
    },
    START_MS,
  );
  return {
    url,
    httpUrl: `http://127.0.0.1:${httpPort}`,
    ask,
    async close() {
      await agent.close();
      nginx.kill('SIGTERM');
      await exited;
      await log.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function run(file: string, args: readonly string[], env = process.env, input?: string): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { env, input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}
