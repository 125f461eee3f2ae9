import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { configNames } from '#platform/config-names.js';
import { EXPORT_STALLED_AFTER_MS } from '../../apps/query-api/src/exports/stalled-client.js';
import { repositoryRoot } from '../support/seeded-tree.js';

/** The gateway sees before query-api that a client takes nothing, by so much at most. */
const BUFFERS_FILL_MS = 15_000;

interface Service {
  image?: string;
  build?: { target: string };
  environment?: Record<string, unknown>;
  healthcheck?: unknown;
  restart?: string;
  tmpfs?: string[];
  deploy?: { resources: { limits: { memory: string } } };
  depends_on?: Record<string, { condition: string; required?: boolean }>;
  profiles?: string[];
}

const text = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');
/** Takes away what an earlier file has (https://docs.docker.com/reference/compose-file/merge/#reset-value). */
const RESET = Symbol('!reset');
const yaml = (path: string, reset: unknown = RESET) => {
  const customTags = [{ tag: '!reset', collection: 'seq' as const, resolve: () => reset }];
  return parse(text(path), { merge: true, customTags }) as { services: Record<string, Service> };
};

const dockerfile = text('docker/Dockerfile');
const { services } = yaml('docker/compose.yaml');
const versions = parseEnv(text('docker/.env'));
const apps = ['command-api', 'query-api', 'projector', 'event-store', 'orderctl'];

/** The health check of a stage, as it is written; null: it has none. */
function healthCheckOf(target: string): string | null {
  const stage = dockerfile.split(new RegExp(`^FROM \\S+ AS ${target}$`, 'm'))[1]!.split(/^FROM /m)[0]!;
  return /^HEALTHCHECK (--.*)$/m.exec(stage)?.[1] ?? null;
}

/** A size as Docker and nginx write it, such as 64m. */
function bytesOf(size: string): number {
  const [, count, unit] = /^(\d+)([kmg])$/i.exec(size)!;
  return Number(count) * 1024 ** (1 + 'kmg'.indexOf(unit!.toLowerCase()));
}

describe('the container files', () => {
  it.each(['docker/compose.yaml', 'docker/compose.embedded.yaml', 'docker/engines.yaml'])(
    '%s is what the Compose Specification allows',
    (path) => {
      // The schema as dclint carries it. Its `format`s are Docker's own, and say nothing of the shape.
      const schema = JSON.parse(text('node_modules/dclint/schemas/compose.schema.json')) as Record<
        string,
        unknown
      >;
      delete schema['$schema'];
      const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
      validate(yaml(path, []));
      expect(validate.errors).toBeNull();
      expect(validate({ services: { one: { imago: 'none' } } })).toBe(false);
    },
  );

  it('start what the build makes', () => {
    const entries = [...dockerfile.matchAll(/^(?:CMD|ENTRYPOINT) \["node", "dist\/(apps\/[^"]+)\.js"\]/gm)];
    expect(entries).toHaveLength(apps.length);
    for (const [, path] of entries) expect(existsSync(join(repositoryRoot, `${path}.ts`))).toBe(true);
  });

  it('name only settings that an app knows', () => {
    const files = ['docker/Dockerfile', 'docker/compose.yaml', 'docker/compose.embedded.yaml'].map(text);
    const named = new Set(files.join('\n').match(/ORDERLOG_[A-Z_]+/g));
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((name) => !(name in configNames))).toEqual([]);
  });

  it.each(apps)('give %s every setting that it will not start without', (app) => {
    const given = services[app]!.environment ?? {};
    const required = Object.entries(configNames).filter(
      ([, { otherwise, readBy }]) => otherwise === 'required' && readBy.split(', ').includes(app),
    );
    expect(required.map(([name]) => name).filter((name) => !(name in given))).toEqual([]);
  });

  it('build each service from a stage of its own, and run no stage as root', () => {
    const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, stage]) => stage!);
    const targets = new Set(Object.values(services).flatMap(({ build }) => build?.target ?? []));
    expect([...targets].sort()).toEqual(
      stages.filter((one) => !['build', 'production'].includes(one)).sort(),
    );
    expect(dockerfile.match(/^USER .*$/gm)).toEqual(['USER 1000', 'USER 101']);
  });

  it('take every version from one place', () => {
    const inUse = [...text('docker/compose.yaml').matchAll(/\$\{([A-Z]+_VERSION)\}/g)].map(
      ([, name]) => name!,
    );
    expect([...new Set(inUse)].sort()).toEqual(Object.keys(versions).sort());
    const defaults = [...dockerfile.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name, version]) => [
      name,
      version,
    ]);
    expect(defaults).toHaveLength(2);
    for (const [name, version] of defaults) expect([name, versions[name!]]).toEqual([name, version]);
    for (const { image } of Object.values(services)) if (image) expect(image).toMatch(/:\$\{\w+_VERSION\}$/);
  });

  it('know when each service is ready, and what it may take', () => {
    for (const [name, service] of Object.entries(services)) {
      expect([name, service.restart]).toEqual([name, expect.any(String)]);
      expect([name, service.deploy?.resources.limits]).toEqual([name, expect.any(Object)]);
      if (service.build?.target === 'orderctl') continue; // it does one thing and ends
      const check = service.build ? healthCheckOf(service.build.target) : service.healthcheck;
      expect([name, check]).toEqual([name, expect.anything()]);
    }
  });

  it('wait for each other, but for no API to be ready, which may take as long as its read models are built', () => {
    const waiting = Object.entries(services).flatMap(([name, { depends_on }]) =>
      Object.entries(depends_on ?? {}).map(([on, { condition }]) => ({ name, on, condition })),
    );
    expect(waiting.length).toBeGreaterThan(5);
    for (const { name, on, condition } of waiting) {
      const { build, restart } = services[on]!;
      const asksReadiness = build && healthCheckOf(build.target)?.includes('"/health/ready"');
      const right = restart === 'no' ? 'completed_successfully' : asksReadiness ? 'started' : 'healthy';
      expect([name, on, condition]).toEqual([name, on, `service_${right}`]);
    }
    // `up --wait` waits for every container to be healthy, and gives up on one that is unhealthy.
    expect(healthCheckOf('query-api')).toMatch(/--start-period=\d+h .*"\/health\/ready"/);
  });

  it('keep the bodies that the gateway takes at once in the space and the memory that it has', () => {
    const nginx = text('docker/gateway/nginx.conf.template');
    const value = (pattern: RegExp) => pattern.exec(nginx)![1]!;
    const sizes = [...nginx.matchAll(/client_max_body_size (\w+);/g)].map(([, size]) => bytesOf(size!));
    const largest = Math.max(...sizes, bytesOf('1m')); // nginx's own limit, where none is set
    const atOnce = Number(value(/limit_conn large_bodies (\d+);/));
    const { tmpfs, deploy } = services['gateway']!;
    const space = bytesOf(/^\/tmp:size=(\w+)$/.exec(tmpfs!.join())![1]!);
    // Beside the bodies there is the configuration.
    expect(atOnce * largest).toBeLessThanOrEqual(space - bytesOf('4m'));
    // One address cannot keep all others waiting.
    expect(Number(value(/limit_conn large_bodies_of_client (\d+);/)) * 2).toBeLessThanOrEqual(atOnce);
    const digits = Number(value(/'~\^\\d\{(\d+)\}' large;/));
    const buffer = bytesOf(value(/client_body_buffer_size (\w+);/));
    expect(10 ** (digits - 1)).toBeLessThanOrEqual(buffer); // what is not counted needs no file
    const connections = Number(value(/worker_processes (\d+);/)) * Number(value(/worker_connections (\d+);/));
    const memory = bytesOf(deploy!.resources.limits.memory);
    expect(space + connections * buffer).toBeLessThanOrEqual(memory - bytesOf('64m'));
  });

  it('leave it to query-api to end an export that its client does not take', () => {
    const nginx = text('docker/gateway/nginx.conf.template');
    const exports = /location \/v1\/exports\/ \{([^}]*)\}/.exec(nginx)![1]!;
    // What the location does not say, the file says for all.
    const ms = (name: string) =>
      1_000 * Number(new RegExp(`\\b${name} (\\d+)s;`).exec(`${exports}${nginx}`)![1]);
    expect(ms('send_timeout')).toBeGreaterThanOrEqual(EXPORT_STALLED_AFTER_MS + BUFFERS_FILL_MS);
    expect(ms('proxy_read_timeout')).toBeGreaterThan(EXPORT_STALLED_AFTER_MS);
  });

  it('hand each limit of the gateway on, with the default that the image has', () => {
    const inImage: Readonly<Record<string, string>> = Object.fromEntries(
      [...dockerfile.matchAll(/\b(GATEWAY_\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]),
    );
    const { environment } = services['gateway']!;
    expect(Object.keys(environment!)).toEqual(
      expect.arrayContaining([
        'GATEWAY_REQUESTS_PER_SECOND',
        'GATEWAY_REQUESTS_BURST',
        'GATEWAY_CONNECTIONS',
      ]),
    );
    for (const [name, value] of Object.entries(environment!))
      expect([name, value]).toEqual([name, `\${${name}:-${inImage[name]}}`]);
  });

  describe('start one event store, and wait for no other', () => {
    const [whole, embedded] = [services, yaml('docker/compose.embedded.yaml').services];
    const together = merged(whole, embedded) as typeof services;
    it.each([
      ['docker/compose.yaml', whole, 'eventstoredb', 'event-store'],
      ['docker/compose.yaml -f docker/compose.embedded.yaml', together, 'event-store', 'eventstoredb'],
    ])('docker compose -f %s up', (given, files, store, other) => {
      expect(text('README.md')).toContain(`\ndocker compose -f ${given} up --build --wait\n`);
      const starts = Object.entries(files).filter(([, { profiles = [] }]) => profiles.length === 0);
      const names = starts.map(([name]) => name);
      const left = [other, 'orderctl', 'redis'];
      expect(names.sort()).toEqual(
        Object.keys(whole)
          .filter((name) => !left.includes(name))
          .sort(),
      );
      expect(names).toContain(store);
      for (const [name, { depends_on }] of starts) {
        const needed = Object.entries(depends_on ?? {}).filter(([, { required }]) => required !== false);
        expect([name, needed.map(([on]) => on).filter((on) => !names.includes(on))]).toEqual([name, []]);
      }
      for (const name of ['command-api', 'projector']) expect(files[name]!.depends_on).toHaveProperty(store);
      for (const name of ['command-api', 'query-api', 'projector', 'orderctl'])
        expect([name, files[name]!.environment!['ORDERLOG_EVENT_STORE_URL']]).toEqual([
          name,
          expect.stringContaining(`esdb://${store}:2113?tls=false`),
        ]);
    });
  });
});

/** What Compose makes of two files: what both have is the second's, but for mappings and lists, which are joined. */
function merged(first: unknown, second: unknown): unknown {
  if (second === RESET) return undefined;
  if (Array.isArray(first) && Array.isArray(second)) return [first, second].flat() as unknown[];
  if (!isMapping(first) || !isMapping(second)) return second;
  const both = Object.keys(second).map((key) => [
    key,
    key in first ? merged(first[key], second[key]) : second[key],
  ]);
  return { ...first, ...Object.fromEntries(both) };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
