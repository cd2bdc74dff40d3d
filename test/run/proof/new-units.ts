import { dirname } from "node:path";

/**
 * Test files, or folders of them, of units that did not exist at 7577230, where they cannot load: what the unit is, and the test that proves on both
 * commits what it does for users of the package. Where none is named, there was no such behaviour before.
 */
const units: Readonly<Record<string, string>> = {
  "test/app/load-lines/": "load lines",
  "test/app/resources.test.ts": "the limits of resources as load lines",
  "test/auth/toy/signed-header.test.ts":
    "the port of authentication schemes; an authenticator of one's own is proven by test/auth/own.test.ts",
  "test/conformance/surface.test.ts": "the conformance suite of surfaces",
  "test/conformance/task-store.test.ts":
    "the conformance suite of task stores; what it demands newly is proven by test/tasks/fleet/ and test/tasks/starts/",
  "test/core/gather.test.ts": "the batching of statements; proven by test/tasks/starts/bulk.test.ts",
  "test/core/make-folder.test.ts": "the making of folders",
  "test/core/value-bytes.test.ts": "the bytes of a value that is kept",
  "test/core/load-line/": "load lines",
  "test/core/queue/": "the bounded queue of admission, which was part of it; turns for slots are proven by test/e2e/http-admission.test.ts",
  "test/core/turn/": "the age of the loop's turn",
  "test/core/schema/most-bytes.test.ts": "the most bytes of a schema; proven by test/e2e/http/anonymous-bodies.test.ts",
  "test/core/value.test.ts": "the reading of any thrown value in one place; proven by test/telemetry/anything.test.ts",
  "test/crash/relays.test.ts": "durable work of an engine from outside",
  "test/durable/engines.test.ts": "the port of durable engines and its conformance suite",
  "test/e2e/load-lines/": "load lines",
  "test/e2e/shed/": "the age of the loop's turn",
  "test/e2e/shop/relay-redis.test.ts": "the shop's relay to upstreams",
  "test/e2e/shop/relay.test.ts": "the shop's relay to upstreams",
  "test/http/protocol-timeouts.test.ts": "timeouts in the headers of other protocols",
  "test/http/skipping.test.ts": "passing over a body in the parser; proven by test/e2e/http/pieces.test.ts",
  "test/http/connection-rate.test.ts": "the rate of new connections",
  "test/integration/cache/": "values of queries that are kept",
  "test/integration/migrations/functions.test.ts": "functions in files of their own, and the release in the ledger",
  "test/integration/migrations/reset.test.ts": "the reset of a database in development",
  "test/integration/rates/": "rates that processes share",
  "test/integration/schedules.test.ts":
    "the starts of an engine, of which the processes of this test are made; its other tests stood at that commit too, in its words",
  "test/load/": "the load generator",
  "test/metrics/wrong.test.ts": "metrics of a module; that they can be declared is proven by test/metrics/declared.test.ts",
  "test/pipeline/late-step.test.ts": "authenticators of one's own, by which the test delays a step",
  "test/pipeline/cache/": "values of queries that are kept",
  "test/pipeline/rates.test.ts": "rates in the budget of an operation",
  "test/pipeline/shed/": "the age of the loop's turn",
  "test/pipeline/slots/": "load lines of slots; turns for slots are proven by test/e2e/http/slots.test.ts",
  "test/redis/": "rates that processes share",
  "test/resilience/leases/": "rates that processes share",
  "test/resilience/policies/": "policies for calls",
  "test/resilience/toy/shared-rates.test.ts": "the port of rate stores",
  "test/surface/http-status.test.ts": "the statuses of HTTP, which stood in the table of codes",
  "test/surfaces/lines/lines.test.ts": "the port of surfaces",
  "test/tasks/fleet/newer-schema.test.ts": "the release in the ledger",
  "test/tasks/fleet/upkeep-turns.test.ts": "upkeep apart from the worker; what it does is proven by test/tasks/fleet/upkeep.test.ts",
  "test/testing/fault-proxy.test.ts": "conditions of a network for the fault proxy",
  "test/testing/pipe.test.ts": "conditions of a network for the fault proxy",
  "test/testing/room.test.ts": "the room that the runs of the crash lab need",
  "test/upstream/": "calls to upstreams, and the guard of their addresses",
};

/** What the new unit is that a test file is of, if it is of one. */
export function newUnitOf(file: string): string | undefined {
  return units[file] ?? units[`${dirname(file)}/`];
}
