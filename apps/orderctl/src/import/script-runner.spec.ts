import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClient } from '#client/orderlog-client.js';
import { CliError } from '../support/cli-error.js';
import type { OrderScript } from './order-script.js';
import { runScript, type ScriptOutcome } from './script-runner.js';

interface Given {
  readonly status: number;
  readonly body: unknown;
}

/** A problem as orderlog answers it. */
const problem = (status: number, code: string): Given => ({
  status,
  body: { type: `urn:orderlog:problem:${code}`, status, code, title: 'No', detail: 'It says why.' },
});
const placed: Given = { status: 201, body: { orderId: 'o-1', revision: 0, events: [] } };

const script: OrderScript = {
  ...{ name: 'order-1', key: 'test/order-1', guarded: true },
  steps: [
    { do: 'place', key: '0', body: {} },
    { do: 'confirm', key: '1', body: {} },
  ],
};

describe('an order that is imported', () => {
  let server: Server;
  let answers: Given[];
  const asked: string[] = [];
  beforeEach(async () => {
    server = createServer((request, response) => {
      request.resume();
      asked.push(`${request.method} ${request.url}`);
      const { status, body } = answers.shift()!;
      response.statusCode = status;
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  /** Runs the script against a server that gives these answers in place of command-api. */
  function run(...given: readonly Given[]): Promise<ScriptOutcome> {
    answers = [...given];
    const { port } = server.address() as AddressInfo;
    const client = createClient({ commandUrl: `http://127.0.0.1:${port}`, token: 'test' });
    return runScript(script, { client, onStep: () => {}, stopped: () => false });
  }

  it.each([
    [400, 'validation_failed'],
    [404, 'line_not_found'],
    [409, 'not_allowed_in_state'],
    [413, 'payload_too_large'],
    [422, 'currency_mismatch'],
  ])('is refused by %d %s', async (status, code) => {
    expect(await run(problem(status, code))).toMatchObject({ kind: 'refused', code });
    expect(await run(placed, problem(status, code))).toMatchObject({ kind: 'refused', code });
  });

  it('sends each command with the method of its route', async () => {
    const routes = ['tags', 'contact', 'shipments/p-1/tracking', 'shipments/p-1/dispatch', 'notes'];
    const steps = routes.map((route, index) => ({ do: route, key: String(index + 1), body: {} }));
    answers = [placed, ...routes.map(() => ({ ...placed, status: 200 }))];
    asked.length = 0;
    const { port } = server.address() as AddressInfo;
    const client = createClient({ commandUrl: `http://127.0.0.1:${port}`, token: 'test' });
    await runScript(
      { ...script, steps: [script.steps[0]!, ...steps] },
      { client, onStep: () => {}, stopped: () => false },
    );
    const methods = ['PUT', 'PUT', 'PUT', 'POST', 'POST'];
    expect(asked.slice(1)).toEqual(routes.map((route, n) => `${methods[n]} /v1/orders/o-1/${route}`));
  });

  it('is refused for a command that there is not', async () => {
    expect(await run(placed, problem(404, 'not_found'))).toMatchObject({
      kind: 'refused',
      code: 'not_found',
    });
  });

  it.each([
    [401, 'token_expired', 'give a valid token with --token'],
    [403, 'forbidden', 'give a token that has the scopes for it with --token'],
    [404, 'not_found', 'this is not an answer of command-api about an order: check --command-url'],
  ])('has one sentence for a problem of the caller: %d %s', async (status, code, remedy) => {
    await expect(run(problem(status, code))).rejects.toThrow(
      `order-1: place: ${status} ${code}: It says why: ${remedy}`,
    );
  });

  it.each<[string, Given]>([
    ['a gateway that leads elsewhere', { status: 308, body: '' }],
    ['a page', { status: 200, body: '<html>Welcome</html>' }],
    ['a server that answers all with nothing', { status: 200, body: '' }],
    ['a server that has nothing to say', { status: 204, body: '' }],
    ['a server that answers all with an object', { status: 200, body: {} }],
    ['a server that answers all with null', { status: 200, body: null }],
    ['a server without orders', { status: 404, body: '<html>Not Found</html>' }],
    ['a service of somebody else', { status: 404, body: { code: 'NO_ROUTE', message: 'no such route' } }],
    ['one that takes no such body', { status: 400, body: '{"error":"bad request"}' }],
    ['a server that only shows', { status: 405, body: '' }],
    ['query-api', problem(404, 'not_found')],
    ['an API without the method', problem(405, 'method_not_allowed')],
    ['an API that takes other bodies', problem(415, 'unsupported_media_type')],
  ])('is not refused by %s: that ends the import', async (_who, given) => {
    const failed = run(given);
    await expect(failed).rejects.toThrow(CliError);
    await expect(failed).rejects.toThrow(
      new RegExp(
        `^order-1: place: ${given.status} .*this is not an answer of command-api about an order: check --command-url`,
        's',
      ),
    );
  });
});
