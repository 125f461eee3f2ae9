import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { configNames } from '#platform/config-names.js';

const dockerfile = readFileSync('docker/Dockerfile', 'utf8');
const compose = readFileSync('docker/compose.yaml', 'utf8');

describe('the container files', () => {
  it('start what the build makes', () => {
    const entries = [...dockerfile.matchAll(/^CMD \["node", "dist\/(apps\/[^"]+)\.js"\]/gm)].map(
      ([, path]) => path!,
    );
    expect(entries).toHaveLength(4);
    for (const entry of entries) expect(existsSync(`${entry}.ts`)).toBe(true);
  });

  it('name only settings that an app knows', () => {
    const named = new Set(`${dockerfile}\n${compose}`.match(/ORDERLOG_[A-Z_]+/g));
    expect(named.size).toBeGreaterThan(5);
    expect([...named].filter((name) => !(name in configNames))).toEqual([]);
  });

  it('build each service from a stage of its own', () => {
    const stages = [...dockerfile.matchAll(/^FROM production AS (\S+)$/gm)].map(([, stage]) => stage!);
    const targets = [...compose.matchAll(/target: (\S+) \}/g)].map(([, target]) => target!);
    expect(targets.sort()).toEqual(stages.sort());
  });
});
