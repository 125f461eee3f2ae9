import type { handleUnaryCall, sendUnaryData, ServerUnaryCall, ServiceDefinition } from '@grpc/grpc-js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { unimplemented } from './wire/errors.js';
import { features, gossip, PersistentSubscriptionsService, shared } from './wire/generated.js';

/** The protocol we speak: EventStoreDB's, as of this version. */
const PROTOCOL_VERSION = '23.10.0-orderlog';

/** Tells the client what it may use. Without `batchappend` the client would open a call for each append. */
export function supportedMethodsCall(
  _call: ServerUnaryCall<unknown, SupportedMethods>,
  reply: sendUnaryData<SupportedMethods>,
): void {
  const methods = new features.SupportedMethods().setEventStoreServerVersion(PROTOCOL_VERSION);
  const add = (service: string, method: string, names: string[] = []) =>
    methods.addMethods(
      new features.SupportedMethod().setServiceName(service).setMethodName(method).setFeaturesList(names),
    );
  for (const method of ['append', 'batchappend', 'delete', 'tombstone']) {
    add('event_store.client.streams.streams', method);
  }
  add('event_store.client.streams.streams', 'read', ['position', 'events']);
  add('event_store.client.gossip.gossip', 'read');
  // For a method that is not listed, the client says that the server is too old, or tries HTTP. Persistent
  // subscriptions are listed so that the client calls them and gets the answer of `refuseAll`.
  for (const { path } of Object.values(PersistentSubscriptionsService)) {
    const [, service, method] = path.toLowerCase().split('/');
    add(service!, method!, ['stream', 'all']);
  }
  add('event_store.client.server_features.serverfeatures', 'getsupportedmethods');
  reply(null, methods);
}

/**
 * A cluster of one, for `esdb+discover://`: this server leads, at the address by which the caller has
 * reached it.
 */
export function gossipCall(instanceId: string, port: () => number): handleUnaryCall<unknown, ClusterInfo> {
  return (call, reply) => {
    const authority = new URL(`http://${call.getHost()}`);
    const endPoint = new gossip.EndPoint()
      .setAddress(authority.hostname)
      .setPort(authority.port === '' ? port() : Number(authority.port));
    const member = new gossip.MemberInfo()
      .setInstanceId(new shared.UUID().setString(instanceId))
      // In .NET's ticks of 100 ns.
      .setTimeStamp(`${Date.now()}0000`)
      .setState(gossip.MemberInfo.VNodeState.LEADER)
      .setIsAlive(true)
      .setHttpEndPoint(endPoint);
    reply(null, new gossip.ClusterInfo().setMembersList([member]));
  };
}

/** Handlers that answer every call of a service with UNIMPLEMENTED and what to use instead. */
export function refuseAll(service: ServiceDefinition, what: string): Record<string, unknown> {
  const error = unimplemented(
    `the embedded event store has no ${what}: use a catch-up subscription, or run EventStoreDB`,
  );
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      method.responseStream
        ? (call: { emit(event: 'error', error: Error): void }) => call.emit('error', error)
        : (_call: unknown, reply: (error: Error) => void) => reply(error),
    ]),
  );
}
