import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { until } from '#test/support/until.js';
import { describeStartFailure } from './lifecycle.js';

/** A process of its own that runs the given start function, as every main.ts does. */
function run(start: string, env: Record<string, string> = {}): { child: ChildProcess; output: () => string } {
  const source = `import { runApp } from '#platform/lifecycle.js'; await runApp('probe', ${start});`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let text = '';
  child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  child.stdout!.resume();
  return { child, output: () => text };
}

// Not 'close', which never comes after a disconnect.
async function exitCode(child: ChildProcess): Promise<number | null> {
  const [exit] = await Promise.all([once(child, 'exit'), once(child.stderr!, 'close')]);
  return exit[0] as number | null;
}

const LISTENING = `async () => {
  const server = (await import('node:net')).createServer().listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  return { port: server.address().port, close: async () => { server.close(); process.stderr.write('closed'); } };
}`;

describe('an app as a process', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says when it is ready, and drains and ends with 0 on %s',
    async (signal) => {
      const { child, output } = run(LISTENING);
      const [message] = (await once(child, 'message')) as [unknown];
      expect(message).toEqual({ type: 'ready', port: expect.any(Number) });
      child.kill(signal);
      expect(await exitCode(child)).toBe(0);
      expect(output()).toBe('closed');
    },
  );

  it('ends at once on a second signal, whatever is under way', async () => {
    const { child } = run(`async () => ({
      close: () => new Promise(() => { process.send('closing'); setInterval(() => {}, 1_000); }),
    })`);
    await once(child, 'message');
    child.kill('SIGTERM');
    const [closing] = (await once(child, 'message')) as [unknown];
    expect(closing).toBe('closing');
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(1);
  });

  it('takes one signal after the loss of its parent for the first', async () => {
    const { child, output } = run(`async () => ({
      close: () => new Promise((done) => {
        setInterval(() => {}, 1_000);
        process.on('SIGTERM', () => { process.stderr.write('signalled'); setTimeout(done, 50); });
        process.stderr.write('closing ');
      }),
    })`);
    await once(child, 'message');
    child.disconnect();
    await until('it closes', () => output().includes('closing'));
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
    expect(output()).toBe('closing signalled');
  });

  it('ends when its parent is gone', async () => {
    const { child, output } = run(LISTENING);
    await once(child, 'message');
    child.disconnect();
    expect(await exitCode(child)).toBe(0);
    expect(output()).toBe('closed');
  });

  it('closes what is still starting when it is told to stop', async () => {
    const slow = `async () => {
      process.send('starting');
      await new Promise((done) => setTimeout(done, 100));
      return { close: async () => { process.stderr.write('closed'); } };
    }`;
    const { child, output } = run(slow);
    await once(child, 'message');
    child.kill('SIGTERM');
    expect(await exitCode(child)).toBe(0);
    expect(output()).toBe('closed');
  });

  it('prints one line and ends with 1 when it cannot start', async () => {
    const { child, output } = run(`async () => { throw new Error('no keys\\nat all') }`);
    expect(await exitCode(child)).toBe(1);
    expect(output()).toBe('probe: no keys at all\n');
  });

  it('names a log level that is none', async () => {
    const { child, output } = run(LISTENING, { ORDERLOG_LOG_LEVEL: 'loud' });
    expect(await exitCode(child)).toBe(1);
    expect(output()).toMatch(/^probe: ORDERLOG_LOG_LEVEL is "loud": give one of .*\n$/);
  });

  it('names the port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { child, output } = run(`async () => {
      const server = (await import('node:net')).createServer().listen(${port}, '127.0.0.1');
      await new Promise((done, fail) => server.once('listening', done).once('error', fail));
    }`);
    expect(await exitCode(child)).toBe(1);
    expect(output()).toContain(`port ${port} is taken (127.0.0.1:${port})`);
    server.close();
  });

  it.each(['Promise.reject(new Error("lost"))', 'setTimeout(() => { throw new Error("lost") })'])(
    'does not go on after an error that nobody handled: %s',
    async (statement) => {
      const { child } = run(`async () => {
        process.on('message', () => { ${statement} });
        return { close: async () => {} };
      }`);
      await once(child, 'message');
      child.send('go');
      expect(await exitCode(child)).toBe(1);
    },
  );
});

describe('a start that failed', () => {
  it('is told in one line, whatever was thrown', () => {
    expect(describeStartFailure('plain')).toBe('plain');
    expect(describeStartFailure(new AggregateError([new Error('the first')]))).toBe('the first');
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED', address: '::1', port: 5432 });
    expect(describeStartFailure(refused)).toBe('nothing answers at ::1:5432: is it running?');
    const denied = Object.assign(new Error('x'), { code: 'EACCES', port: 80 });
    expect(describeStartFailure(denied)).toBe('port 80 is not allowed: choose one above 1023');
  });

  it.each([
    [
      { code: 'ENOTFOUND', hostname: 'nobody.invalid', message: 'getaddrinfo ENOTFOUND nobody.invalid' },
      'no host has the name nobody.invalid (ENOTFOUND): is the address right?',
    ],
    [
      { code: 'EAI_AGAIN', hostname: 'pg', message: 'getaddrinfo EAI_AGAIN pg' },
      'the name pg cannot be looked up (EAI_AGAIN): does the name service answer?',
    ],
    [
      { code: 'ENOTDIR', path: '/dev/null/system.json', message: "ENOTDIR: not a directory, open '…'" },
      '/dev/null/system.json cannot be there, because something above it is no folder: give another folder',
    ],
    [
      { code: '42P01', message: 'relation "orderlog.generations" does not exist' },
      'the database lacks what a projector of this release makes at its start (relation "orderlog.generations" does not exist): start one, or give another address',
    ],
    [
      { message: 'Connection terminated due to connection timeout' },
      'PostgreSQL does not answer (Connection terminated due to connection timeout): is it running, and is its address right?',
    ],
    [
      { message: 'timeout exceeded when trying to connect' },
      'PostgreSQL does not answer (timeout exceeded when trying to connect): is it running, and is its address right?',
    ],
    [
      {
        message: 'the last position cannot be read: 14 UNAVAILABLE: the storage of the event store is away',
        cause: new Error('14 UNAVAILABLE: the storage of the event store is away'),
      },
      'the last position cannot be read: 14 UNAVAILABLE: the storage of the event store is away',
    ],
    [
      {
        message: 'orderlog_store cannot be read: 14 UNAVAILABLE: …',
        cause: new Error(
          '14 UNAVAILABLE: No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9. Resolution note: ',
        ),
      },
      'the event store is away (No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:9): is it running, and is its address right?',
    ],
    [
      {
        message: 'the last position cannot be read: …',
        cause: new Error('Failed to discover after 10 attempts.'),
      },
      'the event store is away (Failed to discover after 10 attempts): is it running, and is its address right?',
    ],
    [
      {
        message: 'stopped at position 7: go on with --from 8: x: 14 UNAVAILABLE: away',
        cause: new Error('x: 14 UNAVAILABLE: away', { cause: new Error('14 UNAVAILABLE: away') }),
      },
      'stopped at position 7: go on with --from 8: x: 14 UNAVAILABLE: away',
    ],
  ])('says what is wrong and what to do: %j', (properties, line) => {
    expect(describeStartFailure(Object.assign(new Error(), properties))).toBe(line);
  });
});
