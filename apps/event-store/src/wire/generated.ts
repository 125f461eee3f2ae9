/**
 * The messages and service definitions that the client package generated from EventStoreDB's .proto files.
 * They are CommonJS, so the modules come whole as their default.
 */
import anyModule from 'google-protobuf/google/protobuf/any_pb.js';
import emptyModule from 'google-protobuf/google/protobuf/empty_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresModule from '@eventstore/db-client/generated/serverfeatures_pb.js';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipModule from '@eventstore/db-client/generated/gossip_pb.js';
import persistentGrpc from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import projectionsGrpc from '@eventstore/db-client/generated/projections_grpc_pb.js';
import sharedModule from '@eventstore/db-client/generated/shared_pb.js';
import statusModule from '@eventstore/db-client/generated/status_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsModule from '@eventstore/db-client/generated/streams_pb.js';

export const { Any } = anyModule;
export const { Empty } = emptyModule;
export const { ServerFeaturesService } = featuresGrpc;
export const features = featuresModule;
export const { GossipService } = gossipGrpc;
export const gossip = gossipModule;
export const { PersistentSubscriptionsService } = persistentGrpc;
export const { ProjectionsService } = projectionsGrpc;
export const shared = sharedModule;
export const { Status } = statusModule;
export const { StreamsService } = streamsGrpc;
export const streams = streamsModule;
