import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { configNames } from '#platform/config-names.js';
import { repositoryRoot } from '../support/seeded-tree.js';

interface Service {
  image?: string;
  build?: { target: string };
  environment?: Record<string, unknown>;
  healthcheck?: unknown;
  restart?: string;
  deploy?: { resources: { limits: object } };
  depends_on?: Record<string, { condition: string }>;
}

const text = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');
const yaml = (path: string) => parse(text(path), { merge: true }) as { services: Record<string, Service> };

const dockerfile = text('docker/Dockerfile');
const { services } = yaml('docker/compose.yaml');
const versions = parseEnv(text('docker/.env'));
const apps = ['command-api', 'query-api', 'projector', 'event-store', 'orderctl'];

describe('the container files', () => {
  it.each(['docker/compose.yaml', 'docker/engines.yaml'])(
    '%s is what the Compose Specification allows',
    (path) => {
      // The schema as dclint carries it. Its `format`s are Docker's own, and say nothing of the shape.
      const schema = JSON.parse(text('node_modules/dclint/schemas/compose.schema.json')) as Record<
        string,
        unknown
      >;
      delete schema['$schema'];
      const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
      validate(yaml(path));
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
    const named = new Set(`${dockerfile}\n${text('docker/compose.yaml')}`.match(/ORDERLOG_[A-Z_]+/g));
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
    const ofStage = (target: string) =>
      /^HEALTHCHECK --/m.test(
        dockerfile.split(new RegExp(`^FROM \\S+ AS ${target}$`, 'm'))[1]!.split(/^FROM /m)[0]!,
      );
    for (const [name, service] of Object.entries(services)) {
      expect([name, service.restart]).toEqual([name, expect.any(String)]);
      expect([name, service.deploy?.resources.limits]).toEqual([name, expect.any(Object)]);
      if (service.build?.target === 'orderctl') continue; // it does one thing and ends
      const checked = service.build ? ofStage(service.build.target) : service.healthcheck !== undefined;
      expect([name, checked]).toEqual([name, true]);
    }
    const conditions = Object.values(services).flatMap(({ depends_on }) => Object.values(depends_on ?? {}));
    expect(conditions.length).toBeGreaterThan(5);
    for (const { condition } of conditions)
      expect(condition).toMatch(/^service_(healthy|completed_successfully)$/);
  });
});
