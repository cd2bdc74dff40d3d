export { TestClock } from "./clock.ts";
export { embeddedTestServer, type TestDatabase, type TestServer, testDatabase } from "./database.ts";
export { FaultProxy, type ProxyFault } from "./fault-proxy.ts";
export { type TestApp, type TestAppSpec, type TestCall, testActor, testApp } from "./test-app.ts";
