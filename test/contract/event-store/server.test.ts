import { expect } from '@jest/globals';
import {
  EventStoreDBClient,
  jsonEvent,
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
} from '@eventstore/db-client';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { freePort } from '#platform/free-port.js';
import { collect, eventStoreContract, newStream, numbered, numbersOf, rejection } from './contract.js';

eventStoreContract('the server', (subject) => {
  const { protocol, embedded } = subject;

  // Source: the client's `ServerFeatures`; EventStoreDB has said both since 21.10.
  protocol('says its version, and that many appends may share a call', async () => {
    const capabilities = await subject.client['capabilities'];
    expect(capabilities.serverVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(capabilities.supports(StreamsService.batchAppend)).toBe(true);
    expect(capabilities.supports(StreamsService.read)).toBe(true);
  });

  async function usable(url: string): Promise<void> {
    const client = EventStoreDBClient.connectionString(url);
    const stream = newStream();
    await client.appendToStream(stream, numbered(2));
    expect(numbersOf(await collect(client.readStream(stream)))).toEqual([0, 1]);
    await client.dispose();
  }

  // Source: the client's `discovery`: it takes the leader's address from the gossip of whoever answers.
  embedded('is found by discovery, at the address by which it was asked', async () => {
    await usable(subject.url.replace('esdb://', 'esdb+discover://').replace('127.0.0.1', 'localhost'));
  });

  embedded('is found among seeds of which others are away', async () => {
    const away = `127.0.0.1:${await freePort()}`;
    await usable(subject.url.replace('esdb://', `esdb://${away},`));
  });

  embedded('says that it has no persistent subscriptions', async () => {
    const { client } = subject;
    const stream = newStream();
    const toStream = persistentSubscriptionToStreamSettingsFromDefaults();
    const toAll = persistentSubscriptionToAllSettingsFromDefaults();
    for (const use of [
      () => client.createPersistentSubscriptionToStream(stream, 'group', toStream),
      () => client.updatePersistentSubscriptionToStream(stream, 'group', toStream),
      () => client.deletePersistentSubscriptionToStream(stream, 'group'),
      () => client.createPersistentSubscriptionToAll('group', toAll),
      () => client.getPersistentSubscriptionToStreamInfo(stream, 'group'),
      () => client.listAllPersistentSubscriptions(),
      () => collect(client.subscribeToPersistentSubscriptionToStream(stream, 'group')),
      () => collect(client.subscribeToPersistentSubscriptionToAll('group')),
    ]) {
      expect(await rejection(use())).toMatchObject({
        code: 12,
        message: expect.stringMatching(
          /UNIMPLEMENTED: the embedded event store has no persistent subscriptions: use a catch-up/,
        ) as unknown,
      });
    }
  });

  embedded('says that it has no projections', async () => {
    const { client } = subject;
    for (const use of [
      () => client.createProjection('mine', 'fromAll()'),
      () => client.enableProjection('mine'),
      () => client.getProjectionState('mine'),
      () => client.listProjections(),
    ]) {
      expect(await rejection(use())).toMatchObject({
        code: 12,
        message: expect.stringContaining(
          'UNIMPLEMENTED: the embedded event store has no projections',
        ) as unknown,
      });
    }
  });

  // EventStoreDB answers a plain append with UNKNOWN, and a batch append with `BadRequest` for that append alone.
  embedded('refuses an id that is none as INVALID_ARGUMENT, and leaves the other appends be', async () => {
    const { client, credentials } = subject;
    for (const id of ['no-uuid', '', '3b17d605-2f60-437f-947c-de14482a46c', `${'0'.repeat(36)}0`]) {
      const bad = jsonEvent({ id, type: 'A', data: {} });
      // The client makes an id of its own where there is none.
      if (id === '') Object.assign(bad, { id });
      const stream = newStream();
      const [refused, accepted] = await Promise.allSettled([
        client.appendToStream(stream, [...numbered(1), bad]),
        client.appendToStream(newStream(), numbered(1)),
      ]);
      expect(refused).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringContaining(`${JSON.stringify(id)} is not a UUID`) as unknown },
      });
      expect(accepted.status).toBe('fulfilled');
      const plain = client.appendToStream(stream, bad, { credentials });
      expect(await rejection(plain)).toMatchObject({
        code: 3,
        message: expect.stringContaining('INVALID_ARGUMENT') as unknown,
      });
      expect(await rejection(collect(client.readStream(stream)))).toMatchObject({ type: 'stream-not-found' });
    }
  });
});
