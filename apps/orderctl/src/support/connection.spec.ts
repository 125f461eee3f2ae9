import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { processStart } from '#platform/process-identity.js';
import { DataFolder, type SystemAddresses } from '../system/data-folder.js';
import { UsageError } from './cli-error.js';
import { Connection, issueToken, withConnection } from './connection.js';

let data: string;
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'orderlog-connection-'));
});
afterAll(() => rm(data, { recursive: true }));

it('names only options that a command has where there is no key to make a token with', async () => {
  const request = { tenant: 'default', scopes: ['orders:read'], lifetimeSeconds: 60 } as const;
  const start = `${data} holds no key: start the system once with \`npx orderctl up\`, or give`;
  await expect(issueToken(new DataFolder(data), request)).rejects.toThrow(new RegExp(`${start} --data$`));
  await expect(new Connection({ data }).token()).rejects.toThrow(new RegExp(`${start} --data or --token$`));
});

describe('an address', () => {
  const elasticsearch = { url: 'http://127.0.0.1:9200' } as unknown as SystemAddresses['elasticsearch'];
  const here: SystemAddresses = {
    commandUrl: 'http://127.0.0.1:1',
    queryUrl: 'http://127.0.0.1:2',
    eventStoreUrl: 'esdb://127.0.0.1:3?tls=false',
    postgresUrl: 'postgres://here:5432/orders',
    elasticsearch,
    kafka: null,
    pid: process.pid,
    processStart: processStart(process.pid),
    startedAt: '2026-03-01T12:00:00.000Z',
  };
  const elsewhere = 'postgres://elsewhere:5432/orders';
  const folder = async (name: string, addresses: SystemAddresses) => {
    const path = join(data, name);
    await mkdir(path);
    await new DataFolder(path).writeAddresses(addresses);
    return path;
  };

  let running: string;
  beforeAll(async () => {
    running = await folder('running', here);
  });
  afterEach(() => {
    delete process.env['ORDERLOG_POSTGRES_URL'];
    delete process.env['ORDERLOG_DATA'];
    delete process.env['ORDERLOG_TOKEN'];
  });

  it('is that of the system on the folder that the command names, whatever was exported for others', async () => {
    process.env['ORDERLOG_POSTGRES_URL'] = elsewhere;
    const connection = new Connection({ data: running });
    expect(await connection.address('postgresUrl')).toBe(here.postgresUrl);
    expect(await connection.elasticsearch()).toEqual(elasticsearch);
    process.env['ORDERLOG_TOKEN'] = 'of-others';
    await expect(connection.token()).rejects.toThrow('holds no key');
    await expect(new Connection({ data: running, tenant: 'demo' }).token()).rejects.toThrow('holds no key');
    expect(await new Connection({ data: running, token: 'mine' }).token()).toBe('mine');
    const { queryUrl } = here;
    expect(await new Connection({ data: running, queryUrl }).token()).toBe('of-others');
    expect(await new Connection({}).token()).toBe('of-others');
  });

  it('comes from its option first, and from the environment where no folder is named', async () => {
    const given = new Connection({ data: running, postgresUrl: elsewhere });
    expect(await given.address('postgresUrl')).toBe(elsewhere);
    process.env['ORDERLOG_DATA'] = running;
    expect(await new Connection({}).address('postgresUrl')).toBe(here.postgresUrl);
    process.env['ORDERLOG_POSTGRES_URL'] = elsewhere;
    expect(await new Connection({}).address('postgresUrl')).toBe(elsewhere);
  });

  it('of Elasticsearch is not taken from a system whose rows are in another PostgreSQL', async () => {
    const connection = new Connection({ data: running, postgresUrl: elsewhere });
    expect(await connection.elasticsearch()).toBeNull();
  });

  it('is not that of a process which got the pid of one that was killed', async () => {
    const path = await folder('killed', { ...here, processStart: 'long ago' });
    // Nor what was exported: the folder is what the command names.
    process.env['ORDERLOG_POSTGRES_URL'] = elsewhere;
    await expect(new Connection({ data: path }).address('postgresUrl')).rejects.toThrow(
      `nothing runs on ${path}: start it with \`npx orderctl up --data ${path}\`, or give --postgres-url; with --data, ORDERLOG_POSTGRES_URL is not used`,
    );
  });
});

describe('a token', () => {
  afterEach(() => {
    delete process.env['ORDERLOG_TOKEN'];
  });

  it('that is given names the tenant: no option may name one beside it', async () => {
    const tenant = 'demo';
    await expect(new Connection({ token: 'mine', tenant }).token()).rejects.toThrow(
      '--tenant demo has no effect, because the token of --token names the tenant: leave one of them out',
    );
    process.env['ORDERLOG_TOKEN'] = 'of-others';
    const connection = new Connection({ tenant });
    await expect(connection.token()).rejects.toThrow('the token of ORDERLOG_TOKEN names the tenant');
    await expect(connection.token()).rejects.toThrow(UsageError);
  });

  it('is of the default tenant where orderctl makes it and no option names one', async () => {
    const command = withConnection(new Command(), ['queryUrl']).exitOverride();
    command.parse(['--token', 'mine'], { from: 'user' });
    expect(await new Connection(command.opts()).token()).toBe('mine');
    expect(new Connection(command.opts()).tenant).toBe('default');
  });
});
