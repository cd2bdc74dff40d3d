export { TestClock } from "./clock.ts";
export type { CrashFault } from "./crash/boundary.ts";
export { type CrashReport, type CrashSpec, crashTest } from "./crash/crash-test.ts";
export type { CrashLedger } from "./crash/ledger.ts";
export type { CrashOutcome, CrashScope } from "./crash/run.ts";
export type { CrashWorld } from "./crash/world.ts";
export { embeddedTestServer, type TestDatabase, type TestServer, testDatabase } from "./database.ts";
export { FaultProxy, type ProxyFault } from "./fault-proxy.ts";
export { type TestApp, type TestAppSpec, type TestCall, testActor, testApp } from "./test-app.ts";
