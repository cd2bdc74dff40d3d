import assert from "node:assert/strict";
import { it } from "node:test";
import { Fault } from "../../src/core/fault.ts";
import { Metrics } from "../../src/core/metrics.ts";
import { causeOf, Failures } from "../../src/pipeline/slo/failures.ts";
import { execution } from "../telemetry/sources.ts";

const failed = (code: Fault["code"], type: string, times: Partial<Parameters<typeof causeOf>[0]> = {}) => ({
  ...{ outcome: code, fault: new Fault({ code, type, message: "It failed." }) },
  ...{ queuedMs: 1, databaseMs: 1, runningMs: 1, upstreamMs: undefined, ...times },
});

const table: readonly [name: string, execution: Parameters<typeof causeOf>[0], cause: string][] = [
  ["a refusal", failed("unavailable", "overloaded"), "overloaded"],
  ["no free connection", failed("unavailable", "database_connections_busy"), "database_connections_busy"],
  ["a database that is gone", failed("unavailable", "database_unavailable", { databaseMs: 90 }), "database_unavailable"],
  ["a deadline in the queue", failed("deadline_exceeded", "deadline_exceeded", { queuedMs: 90 }), "deadline_queued"],
  ["a deadline in the handler", failed("deadline_exceeded", "deadline_exceeded", { runningMs: 90 }), "deadline_running"],
  ["a deadline in the database", failed("deadline_exceeded", "statement_cancelled", { databaseMs: 90 }), "deadline_database"],
  [
    "a deadline at upstreams",
    failed("deadline_exceeded", "x", { upstreamMs: { bank: 50, mail: 41 }, databaseMs: 90 }),
    "deadline_upstream",
  ],
  ["a bug", failed("internal", "internal"), "internal"],
  ["a fault of the app", failed("unavailable", "bank_down"), "other"],
];
for (const [name, ended, cause] of table) it(`the cause of ${name} is ${cause}`, () => assert.equal(causeOf(ended), cause));

it("only failures of the service are counted, and every cause has a series from the start", () => {
  const metrics = new Metrics();
  const failures = new Failures(metrics);
  const read = () => {
    const [metric] = [...metrics.all()];
    assert.ok(metric !== undefined && metric.type === "counter");
    return new Map([...metric.all()].map(({ labels, value }) => [labels[0], value]));
  };
  const zero = read();
  assert.equal(zero.size, 13);
  assert.ok([...zero.values()].every((value) => value === 0));
  const ends = ["ok", "not_found", "permission_denied", "resource_exhausted", "cancelled", "internal", "unavailable"] as const;
  for (const outcome of ends) failures.count(execution({ outcome, fault: undefined }));
  assert.deepEqual(
    [...read()].filter(([, value]) => value > 0),
    [
      ["internal", 1],
      ["other", 1],
    ],
  );
});
