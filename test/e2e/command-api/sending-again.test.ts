import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Answer } from '../../support/command-api.js';
import { commandSystem } from '../../support/command-system.js';
import { mugOrder } from '../../support/orders.js';

const system = commandSystem({ strict: true });

const place = async (sent = {}) => {
  const answer = await system.api.send('/v1/orders', { body: mugOrder(), ...sent });
  expect(answer.status).toBe(201);
  return String(answer.body['orderId']);
};

/** All that a client may look at. */
const seen = ({ status, body, headers }: Answer) => ({
  status,
  body,
  etag: headers.get('etag'),
  location: headers.get('location'),
});

describe('a command sent again under its key', () => {
  it('is done once and answered the same', async () => {
    const key = randomUUID();
    const first = await system.api.send('/v1/orders', { body: mugOrder(), key });
    const again = await system.api.send('/v1/orders', { body: mugOrder({ reference: null, tags: [] }), key });
    expect(seen(again)).toEqual(seen(first));
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('order-position')).toBe(first.headers.get('order-position'));
  });

  it('answers as it did then, though the order went on', async () => {
    const orderId = await place();
    const key = randomUUID();
    const note = { path: `/v1/orders/${orderId}/notes`, body: { text: 'first' }, key };
    const first = await system.api.send(note.path, note);
    await system.api.send(note.path, { body: { text: 'second' } });
    // What it was conditional on holds no longer: it was done all the same.
    const again = await system.api.send(note.path, { ...note, headers: { 'if-match': '"0"' } });
    expect(seen(again)).toEqual(seen(first));
    expect(again.body['revision']).toBe(1);
  });

  it('is one command, however many attempts run at once', async () => {
    const key = randomUUID();
    const attempts = await Promise.all(
      Array.from({ length: 12 }, () => system.api.send('/v1/orders', { body: mugOrder(), key })),
    );
    expect(new Set(attempts.map((attempt) => JSON.stringify(seen(attempt)))).size).toBe(1);
    const replays = attempts.filter(({ headers }) => headers.get('idempotent-replayed') === 'true');
    expect(replays).toHaveLength(11);
  });

  it('is one command also across two instances of the service', async () => {
    const orderId = await place();
    const note = { body: { text: 'from both' }, key: randomUUID(), headers: { 'if-match': '*' } };
    const path = `/v1/orders/${orderId}/notes`;
    const answers = await Promise.all(
      [0, 1, 2].flatMap(() => [system.api, system.strict]).map((instance) => instance.send(path, note)),
    );
    expect(answers.map(({ status, body }) => [status, body['revision']])).toEqual(
      answers.map(() => [200, 1]),
    );
  });

  it('is remembered by the order itself: another instance knows it', async () => {
    const key = randomUUID();
    const first = await system.api.send('/v1/orders', { body: mugOrder(), key });
    const again = await system.strict.send('/v1/orders', { body: mugOrder(), key });
    expect(seen(again)).toEqual(seen(first));
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  it('is refused with another body', async () => {
    const key = randomUUID();
    await place({ key });
    const other = await system.api.send('/v1/orders', { body: mugOrder({ reference: 'another' }), key });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it('is another command for another path, client, customer or tenant', async () => {
    const key = randomUUID();
    const first = await place({ key });
    const ids = await Promise.all([
      place({ key, token: await system.api.token({ clientId: 'another-shop' }) }),
      place({ key, token: await system.api.token({ tenant: 'demo' }) }),
    ]);
    expect(new Set([first, ...ids]).size).toBe(3);
    const confirmed = await system.api.send(`/v1/orders/${first}/confirm`, { key });
    expect(confirmed.body).toMatchObject({ revision: 1, events: [{ type: 'OrderConfirmed' }] });
  });

  it('is decided anew when it was refused or changed nothing before', async () => {
    const orderId = await place();
    const at = (route: string) => `/v1/orders/${orderId}/${route}`;
    const shipping = { body: {}, key: randomUUID() };
    expect((await system.api.send(at('shipments'), shipping)).status).toBe(409);
    const releasing = { body: {}, key: randomUUID() };
    expect((await system.api.send(at('release'), releasing)).body).toMatchObject({ revision: 0, events: [] });
    await system.api.send(at('confirm'));
    expect((await system.api.send(at('shipments'), shipping)).body).toMatchObject({ revision: 2 });
    await system.api.send(at('hold'));
    expect((await system.api.send(at('release'), releasing)).body).toMatchObject({ revision: 4 });
  });
});

describe('a command with If-Match', () => {
  it('is done at that revision and at no other', async () => {
    const orderId = await place();
    const confirm = (etag: string) =>
      system.api.send(`/v1/orders/${orderId}/confirm`, { headers: { 'if-match': etag } });
    const stale = await confirm('"1"');
    expect(stale).toMatchObject({
      status: 412,
      body: { code: 'precondition_failed', details: { revision: 0 } },
    });
    expect(stale.headers.get('etag')).toBe('"0"');
    expect((await confirm('"0"')).status).toBe(200);
    expect((await confirm('"0"')).status).toBe(412);
    expect((await confirm('*')).body).toMatchObject({ revision: 1, events: [] });
  });

  it('lets one of several who saw the same order win', async () => {
    const orderId = await place();
    const attempts = await Promise.all(
      ['red', 'green', 'blue', 'white'].map((text) =>
        system.api.send(`/v1/orders/${orderId}/notes`, { body: { text }, headers: { 'if-match': '"0"' } }),
      ),
    );
    expect(attempts.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it('must say so where the deployment asks for it', async () => {
    const orderId = await place();
    const path = `/v1/orders/${orderId}/confirm`;
    expect(await system.strict.send(path)).toMatchObject({
      status: 428,
      body: { code: 'precondition_required' },
    });
    expect((await system.strict.send(path, { headers: { 'if-match': '"0"' } })).status).toBe(200);
    expect((await system.strict.send('/v1/orders', { body: mugOrder() })).status).toBe(201);
  });

  it('is not asked for where the command was done already', async () => {
    const orderId = await place();
    const note = { body: { text: 'once' }, key: randomUUID() };
    const path = `/v1/orders/${orderId}/notes`;
    const first = await system.api.send(path, note);
    expect(seen(await system.strict.send(path, note))).toEqual(seen(first));
    expect((await system.strict.send(path, { body: { text: 'twice' } })).status).toBe(428);
  });
});
