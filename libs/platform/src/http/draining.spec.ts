import { once } from 'node:events';
import { createServer, request, Agent, type IncomingMessage, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Draining } from './draining.js';

let server: Server;
let port: number;
let draining: Draining;
let agent: Agent;
/** Answers the requests that wait at `/slow`. */
let answerSlow: () => void;
let slowArrived: Promise<void>;

beforeEach(async () => {
  let arrived: () => void;
  slowArrived = new Promise((resolve) => (arrived = resolve));
  server = createServer((asked, response) => {
    if (asked.url === '/headed') response.flushHeaders();
    if (asked.url === '/quick') {
      response.end('quick');
      return;
    }
    answerSlow = () => response.end('slow');
    arrived();
  });
  server.keepAliveTimeout = 60_000;
  draining = new Draining(server);
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterEach(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

async function ask(path: string, from: Agent = agent): Promise<{ connection: string; text: string }> {
  const asking = request({ port, host: '127.0.0.1', path, agent: from }).end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { connection: answer.headers.connection ?? '', text };
}

async function listensNoMore(): Promise<void> {
  while (server.listening) await setImmediate();
}

describe('an HTTP server that is drained', () => {
  it('keeps connections alive until draining begins', async () => {
    expect(await ask('/quick')).toEqual({ connection: 'keep-alive', text: 'quick' });
    expect(draining.begun).toBe(false);
  });

  it('goes on answering, also those who come anew, and lets each of them go', async () => {
    await ask('/quick');
    draining.begin();
    expect(draining.begun).toBe(true);
    expect(await ask('/quick')).toEqual({ connection: 'close', text: 'quick' });
    expect(await ask('/quick')).toEqual({ connection: 'close', text: 'quick' });
    expect(server.listening).toBe(true);
  });

  it('answers what was under way, and tells its connection to close', async () => {
    const slow = ask('/slow');
    await slowArrived;
    const ended = draining.end();
    await listensNoMore();
    answerSlow();
    expect(await slow).toEqual({ connection: 'close', text: 'slow' });
    await ended;
  });

  it('lets go of a connection whose answer had begun before', async () => {
    const slow = ask('/headed');
    await slowArrived;
    const ended = draining.end(0);
    answerSlow();
    expect(await slow).toEqual({ connection: 'keep-alive', text: 'slow' });
    await ended;
  });

  it('answers what still comes by a connection that is open', async () => {
    await ask('/quick');
    const ended = draining.end();
    expect(await ask('/quick')).toEqual({ connection: 'close', text: 'quick' });
    await ended;
  });

  it('answers those who arrived while it was busy with something else, before it refuses others', async () => {
    await ask('/quick');
    const [byOpen, byNew] = [ask('/quick'), ask('/quick', new Agent())];
    // Both are in the kernel by then, but the event loop has not looked.
    await new Promise((resolve) => process.nextTick(resolve));
    const ended = draining.end();
    expect([(await byOpen).text, (await byNew).text]).toEqual(['quick', 'quick']);
    await ended;
  });

  it('answers what arrived while it was busy, before it closes the idle connections', async () => {
    await ask('/quick');
    const idleMs = 20;
    const ended = draining.end(idleMs);
    await listensNoMore();
    const asked = ask('/quick');
    await new Promise((resolve) => process.nextTick(resolve));
    const busyUntilMs = performance.now() + 2 * idleMs;
    while (performance.now() < busyUntilMs);
    expect((await asked).text).toBe('quick');
    await ended;
  });

  it('closes connections that ask nothing, and takes no new ones', async () => {
    await ask('/quick');
    await draining.end(0);
    const asking = request({ port, host: '127.0.0.1', path: '/quick' }).end();
    const [error] = (await once(asking, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('closes connections that have asked nothing ever', async () => {
    const unused = connect({ port, host: '127.0.0.1' });
    await once(server, 'connection');
    await draining.end(0);
    unused.destroy();
  });

  describe('that can send clients elsewhere', () => {
    let sendingAway: Draining;
    const idleMs = 4_000;

    beforeEach(() => {
      sendingAway = new Draining(server, (_request, response) => response.writeHead(503).end('elsewhere'));
    });

    it('answers new connections so before it stops to listen, and open ones as ever', async () => {
      const [open, unused] = [new Agent({ keepAlive: true }), connect({ port, host: '127.0.0.1' })];
      await Promise.all([ask('/quick', open), once(server, 'connection')]);
      const slow = ask('/slow');
      await slowArrived;
      const ended = sendingAway.end(idleMs);
      expect(await ask('/quick', new Agent())).toEqual({ connection: 'close', text: 'elsewhere' });
      expect(await ask('/quick', open)).toEqual({ connection: 'close', text: 'quick' });
      answerSlow();
      expect(await slow).toEqual({ connection: 'close', text: 'slow' });
      expect(await ask('/quick', open)).toEqual({ connection: 'close', text: 'elsewhere' });
      unused.destroy();
      await ended;
    });

    it('reads the whole request before it answers, so that the answer is not lost', async () => {
      await ask('/quick');
      const ended = sendingAway.end(idleMs);
      const asking = request({ port, host: '127.0.0.1', method: 'POST', path: '/quick' });
      asking.write('half');
      let answered = false;
      const answer = once(asking, 'response').then(([{ statusCode }]) => {
        answered = true;
        return statusCode as number;
      });
      expect((await ask('/quick', new Agent())).text).toBe('elsewhere');
      expect(answered).toBe(false);
      asking.end(' whole'.repeat(50_000));
      expect(await answer).toBe(503);
      agent.destroy();
      await ended;
    });

    it('does not wait for new connections where none is open', async () => {
      await sendingAway.end(86_400_000);
      expect(server.listening).toBe(false);
    });
  });

  it('does not end while something is under way', async () => {
    const idle = new Agent({ keepAlive: true });
    await ask('/quick', idle);
    const [socket] = Object.values(idle.freeSockets).flatMap((sockets) => sockets ?? []);
    const slow = ask('/slow');
    await slowArrived;
    let hasEnded = false;
    const ended = draining.end(0).then(() => (hasEnded = true));
    // The idle connection is closed meanwhile, so the server has looked at all connections.
    await once(socket!, 'close');
    expect(hasEnded).toBe(false);
    answerSlow();
    await slow;
    await ended;
  });
});
