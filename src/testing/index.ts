export { accessTable } from "./access-table.ts";
export { TestClock } from "./clock.ts";
export { type AuthenticationSample, authenticationConformance, type ConformanceCase } from "./conformance/authentication.ts";
export { type CacheStoreSample, cacheStoreConformance } from "./conformance/cache-store.ts";
export { engineConformance } from "./conformance/engine.ts";
export type { EngineSample, Note } from "./conformance/engine-bench.ts";
export { type InvalidationChannelSample, invalidationChannelConformance } from "./conformance/invalidation-channel.ts";
export { type KeyProviderSample, keyProviderConformance } from "./conformance/key-provider.ts";
export { type LeaseStoreSample, leaseStoreConformance } from "./conformance/lease-store.ts";
export { type MessageBrokerSample, messageBrokerConformance } from "./conformance/message-broker.ts";
export { type RateStoreSample, rateStoreConformance } from "./conformance/rate-store.ts";
export { type SearchStoreSample, searchStoreConformance } from "./conformance/search-store.ts";
export {
  ann,
  goodAuthorization,
  type SurfaceCall,
  type SurfaceReply,
  type SurfaceSample,
  surfaceConformance,
} from "./conformance/surface.ts";
export type { CrashFault } from "./crash/boundary.ts";
export type { CrashDatabase } from "./crash/clones.ts";
export { type CrashReport, type CrashSpec, crashTest } from "./crash/crash-test.ts";
export type { CrashLedger } from "./crash/ledger.ts";
export type { CrashOutcome, CrashScope } from "./crash/run.ts";
export type { CrashWorld } from "./crash/world.ts";
export { embeddedTestServer, type TestDatabase, type TestServer, testDatabase } from "./database.ts";
export { type Decision, deciderSpec, type GivenEvents } from "./decider-spec.ts";
export { FaultProxy, type ProxyFault } from "./fault-proxy.ts";
export type { IdleOptions } from "./idle.ts";
export { MemoryBroker, type MemoryBrokerForm } from "./messaging/memory-broker.ts";
export type { NetworkConditions, NetworkCounts, NetworkState } from "./network/conditions.ts";
export { type TestApp, type TestAppSpec, type TestCall, testActor, testApp } from "./test-app.ts";
