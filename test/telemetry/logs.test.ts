import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { limits } from "../../src/core/limits.ts";
import { HttpFacts } from "../../src/http/reply/facts.ts";
import type { Execution } from "../../src/operation/execution.ts";
import type { LogRecord, TelemetrySources } from "../../src/operation/telemetry.ts";
import { exposition } from "../../src/telemetry/exposition.ts";
import { type LogsOptions, logs } from "../../src/telemetry/logs.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { execution, record, sources } from "./sources.ts";

// biome-ignore lint/suspicious/noExplicitAny: a parsed line has whatever shape the test asks about
type Line = any;

async function withLogs(options: LogsOptions, tell: (from: TelemetrySources) => void): Promise<string[]> {
  const lines: string[] = [];
  const from = sources();
  const sink = logs({ ...options, destination: { write: (line) => lines.push(line) } });
  await sink.attach(from);
  tell(from);
  await sink.stop();
  return lines;
}

async function lineOf(change: Partial<Execution>, options: LogsOptions = {}): Promise<Line> {
  const lines = await withLogs(options, (from) => from.executed.publish(execution(change)));
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0]!);
}

async function lineOfRecord(change: Partial<LogRecord>, options: LogsOptions = {}): Promise<Line> {
  const lines = await withLogs(options, (from) => from.logged.publish(record(change)));
  return JSON.parse(lines[0]!);
}

test("an execution becomes one line that tells all of it", async () => {
  const line = await lineOf(
    { notes: { cart: 3, express: true }, parentSpanId: "b7ad6b7169203331", surface: "direct", attempt: 2 },
    { tenant: "plain", actorId: "plain" },
  );
  assert.deepEqual(line, {
    time: "2026-11-21T12:00:00.262Z",
    level: "info",
    operation: "orders.place",
    kind: "command",
    criticality: "critical",
    surface: "direct",
    code: "ok",
    request_id: "01900000-0000-7000-8000-000000000000",
    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
    span_id: "00f067aa0ba902b7",
    parent_span_id: "b7ad6b7169203331",
    tenant: "acme",
    actor_kind: "user",
    actor_id: "user-7",
    attempt: 2,
    deadline_ms: 300,
    duration_ms: 12.346,
    queued_ms: 0,
    running_ms: 2.346,
    database_ms: 4,
    upstream_ms: { payments: 6 },
    statements: 3,
    notes: { cart: 3, express: true },
    http: { method: "POST", route: "/v1/orders", status: 201, request_bytes: 210, response_bytes: 60 },
  });
});

const lineFacts = { name: "lines", title: "PLACE", labels: { verb: "PLACE" }, requestBytes: 9, responseBytes: 3, attributes: {} };

test("a line has what its surface says, under the surface's own name", async () => {
  const line = await lineOf({ surface: "lines", facts: lineFacts });
  assert.deepEqual([line.lines, line.http], [{ verb: "PLACE", request_bytes: 9, response_bytes: 3 }, undefined]);
});

test("what is as in most executions is left out, and each of it is there when it is not", async () => {
  const usual = {
    criticality: "default",
    surface: "http",
    attempt: 1,
    databaseMs: 0,
    statements: 0,
    spanId: "a1",
    requestId: "a1",
  } as const;
  const shown = ["criticality", "surface", "attempt", "database_ms", "statements", "span_id"];
  const fieldsOf = async (change: Partial<Execution>) => {
    const line = await lineOf({ ...usual, ...change });
    assert.equal(line.module, undefined);
    assert.equal(line.request_id, "a1");
    return Object.fromEntries(shown.filter((key) => key in line).map((key) => [key, line[key]]));
  };
  assert.deepEqual(await fieldsOf({}), {});
  assert.deepEqual(await fieldsOf({ facts: undefined }), {});
  assert.deepEqual(await fieldsOf({ criticality: "sheddable" }), { criticality: "sheddable" });
  assert.deepEqual(await fieldsOf({ surface: "fetch" }), { surface: "fetch" });
  assert.deepEqual(await fieldsOf({ attempt: 3 }), { attempt: 3 });
  assert.deepEqual(await fieldsOf({ databaseMs: 0.5 }), { database_ms: 0.5 });
  assert.deepEqual(await fieldsOf({ statements: 1 }), { statements: 1 });
  assert.deepEqual(await fieldsOf({ statements: 1, facts: undefined }), { statements: 1 });
  assert.deepEqual(await fieldsOf({ spanId: "b2" }), { span_id: "b2" });
});

test("what is kept from one line to the next never leaks into another", async () => {
  const changes: Partial<Execution>[] = [
    {},
    { tenant: "globex", statements: 1 },
    { facts: undefined, surface: "direct" },
    { outcome: "not_found", attempt: 2 },
    { attempt: 2, deadlineMs: 120 },
    { statements: 4 },
    { actorKind: "system", tenant: undefined },
    { facts: new HttpFacts({ method: "GET", route: "/v1/other", status: 404 }, 0, 9) },
    { facts: lineFacts },
    { startedAt: Date.UTC(2026, 10, 21, 12, 0, 1, 250) },
    {},
  ];
  const lines = await withLogs({ tenant: "plain" }, (from) => {
    for (const change of changes) from.executed.publish(execution(change));
  });
  for (const [i, change] of changes.entries()) assert.deepEqual(JSON.parse(lines[i]!), await lineOf(change, { tenant: "plain" }));
});

test("an outcome is weighed by the table of codes, and lines below the level are left out", async () => {
  assert.equal((await lineOf({ outcome: "not_found" })).level, "debug");
  assert.equal((await lineOf({ outcome: "unavailable" })).level, "warn");
  const lines = await withLogs({ level: "warn" }, (from) => {
    for (const outcome of ["ok", "not_found", "unavailable", "internal"] as const) from.executed.publish(execution({ outcome }));
    from.logged.publish(record({ level: "info" }));
    from.logged.publish(record({ level: "error" }));
  });
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).code ?? JSON.parse(line).message),
    ["unavailable", "internal", "reserved"],
  );
});

test("only a bug shows its stack; its message stays out of the fault", async () => {
  const cause = new TypeError("x is not a function", { cause: new Error("inner") });
  const bug = await lineOf({ outcome: "internal", fault: new Fault({ code: "internal", message: "Something went wrong.", cause }) });
  assert.equal(bug.error.name, "TypeError");
  assert.equal(bug.error.message, "x is not a function");
  assert.equal(bug.error.cause, "inner");
  assert.match(bug.error.stack, /logs\.test\.ts/);
  const down = await lineOf({
    outcome: "unavailable",
    fault: new Fault({ code: "unavailable", type: "database_lost", message: "", cause }),
  });
  assert.equal(down.fault, "database_lost");
  assert.equal(down.error.message, "x is not a function");
  assert.equal(down.error.stack, undefined);
});

test("a refusal names the limit, its value, the load and the mode", async () => {
  const refusal = { limit: "orders.place concurrency", value: 64, load: 192, mode: "measure" } as const;
  assert.deepEqual((await lineOf({ refusal })).refusal, refusal);
});

test("tenants and actors are written by policy", async () => {
  const hashed = await lineOf({});
  assert.match(hashed.tenant, /^[0-9a-f]{16}$/);
  assert.equal(hashed.actor_id, undefined);
  assert.equal((await lineOf({})).tenant, hashed.tenant);
  assert.notEqual((await lineOf({ tenant: "globex" })).tenant, hashed.tenant);
  assert.equal((await lineOf({}, { tenant: "drop" })).tenant, undefined);
  assert.match((await lineOf({}, { actorId: "hash" })).actor_id, /^[0-9a-f]{16}$/);
});

test("values of listed keys are hidden at any depth, whatever their case", async () => {
  const fields = {
    Password: "hush1",
    profile: { newPassword: "hush2", list: [{ API_KEY: "hush3", "x-api-key": "hush4" }], name: "visible" },
    headers: { Authorization: "Bearer hush5", "set-cookie": ["hush6"] },
    refreshToken: { nested: "hush7" },
    tokens_used: 42,
    iban: "hush8",
  };
  const texts = [
    JSON.stringify(await lineOf({ notes: fields }, { redact: ["IBAN"] })),
    JSON.stringify(await lineOfRecord({ fields }, { redact: ["IBAN"] })),
  ];
  for (const text of texts) {
    assert.doesNotMatch(text, /hush/);
    assert.match(text, /visible/);
    assert.match(text, /"tokens_used":42/);
  }
});

test("a log record carries the ids of its execution", async () => {
  assert.deepEqual(await lineOfRecord({ level: "warn", message: "low\nstock", fields: { left: 2n, at: new Error("e") } }), {
    time: "2026-11-21T12:00:00.250Z",
    level: "warn",
    operation: "orders.place",
    message: "low\nstock",
    request_id: "01900000-0000-7000-8000-000000000000",
    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
    span_id: "00f067aa0ba902b7",
    fields: { left: "2", at: { name: "Error", message: "e" } },
  });
});

test("fields that are no JSON, or too long, never break the line", async () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const hostile = {
    toJSON() {
      throw new Error("no");
    },
  };
  const line = await lineOfRecord({ fields: { circular, hostile, fn: () => 1, nothing: undefined, nan: Number.NaN, when: new Date(0) } });
  assert.deepEqual(line.fields, { circular: { self: "[circular]" }, hostile: "[unreadable]", nan: null, when: "1970-01-01T00:00:00.000Z" });
  const long = await lineOfRecord({ fields: { text: "x".repeat(limits.logFieldChars + 1) } });
  assert.ok(JSON.stringify(long).length < 1_000);
});

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom("\ud800", "\u2028\u0085", '"\\\n\r\u0000', "\udc00\ud800"),
);
const anyTime = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.double(), fc.integer());

test("whatever callers write, every line is one line, parses, and gives it back", async () => {
  const lines: string[] = [];
  const from = sources();
  const sink = logs({ tenant: "plain", actorId: "plain", destination: { write: (line) => lines.push(line) } });
  await sink.attach(from);
  const change = fc.record({
    ...{ operation: anyText, requestId: anyText, traceId: anyText, spanId: anyText, tenant: anyText, actorId: anyText },
    ...{ surface: anyText, durationMs: anyTime, queuedMs: anyTime, runningMs: anyTime, startedAt: anyTime },
    upstreamMs: fc.dictionary(anyText, anyTime),
    notes: fc.dictionary(anyText, fc.jsonValue()),
    facts: fc
      .tuple(fc.record({ method: anyText, route: anyText, status: fc.nat() }), fc.nat(), fc.nat())
      .map(([labels, requestBytes, responseBytes]) => new HttpFacts(labels, requestBytes, responseBytes)),
  });
  fc.assert(
    fc.property(change, anyText, (changed, message) => {
      lines.length = 0;
      from.executed.publish(execution(changed));
      from.logged.publish(record({ message, fields: changed.notes }));
      assert.equal(lines.length, 2);
      for (const line of lines) {
        assert.ok(line.endsWith("}\n"));
        assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cs}\u2028\u2029]/u);
      }
      const [line, said] = lines.map((line) => JSON.parse(line) as Line);
      for (const [key, value] of [
        ["operation", changed.operation],
        ["request_id", changed.requestId],
        ["trace_id", changed.traceId],
        ["span_id", changed.spanId === changed.requestId ? undefined : changed.spanId],
        ["tenant", changed.tenant],
        ["actor_id", changed.actorId],
        ["surface", changed.surface === "http" ? undefined : changed.surface],
      ] as const) {
        assert.equal(line[key], value);
      }
      assert.equal(line.http.route, changed.facts.labels.route);
      assert.equal(said.message, message);
      if (changed.durationMs >= 0 && changed.durationMs < 1e9) assert.ok(Math.abs(line.duration_ms - changed.durationMs) <= 0.000501);
      for (const [name, value] of Object.entries(changed.notes)) {
        const kept = line.notes[name];
        if (kept !== "[redacted]" && typeof value === "string") assert.equal(kept, value);
      }
    }),
    { numRuns: 300 },
  );
  await sink.stop();
});

function temporary(t: { after: (fn: () => void) => void }): string {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-logs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("lines reach a file in order, and all of them by the time of stop", async (t) => {
  const file = join(temporary(t), "deep", "shop.jsonl");
  const from = sources();
  const sink = logs({ destination: { file } });
  await sink.attach(from);
  for (let i = 0; i < 2_000; i++) from.executed.publish(execution({ requestId: `r${i}` }));
  await sink.stop();
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).request_id),
    Array.from({ length: 2_000 }, (_, i) => `r${i}`),
  );
  await sink.stop();
});

test("a file that cannot be written to stops the start and says what to do", async (t) => {
  const sink = logs({ destination: { file: temporary(t) } });
  await assert.rejects(async () => sink.attach(sources()), {
    name: "Fault",
    type: "log_file_unusable",
    message: /EISDIR.*Make its folder writable/,
  });
  await sink.stop();
});

test("a file in a folder that cannot be made stops the start, at once", { skip: !existsSync("/proc/self") }, async () => {
  const sink = logs({ destination: { file: "/proc/x/app.log" } });
  await assert.rejects(async () => sink.attach(sources()), { type: "log_file_unusable", message: /ENOENT.*Make its folder writable/ });
  await sink.stop();
});

test("lines that find no room are dropped and counted, and nothing waits", async () => {
  const from = sources();
  const sink = logs({ destination: { file: "/dev/full" } });
  await sink.attach(from);
  const message = "x".repeat(10_000);
  const lines = Math.ceil(limits.logBytes / 10_000) + 100;
  for (let i = 0; i < lines; i++) from.logged.publish(record({ message }));
  const dropped = Number(/plimsoll_log_lines_dropped_total (\d+)/.exec(exposition(from.metrics))?.[1]);
  assert.ok(dropped >= 100 && dropped < 200, `dropped ${dropped}`);
});

test("a stop gives up on a disk that takes nothing, and counts what is lost", async () => {
  const clock = new TestClock();
  const from = sources(clock);
  const sink = logs({ destination: { file: "/dev/full" } });
  await sink.attach(from);
  for (let i = 0; i < 3; i++) from.executed.publish(execution());
  let stopped = false;
  const stopping = sink.stop().then(() => {
    stopped = true;
  });
  // The bound of the stop, and the retry after the first error.
  while (clock.pending < 2) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(4_999);
  assert.equal(stopped, false);
  clock.advance(1);
  await stopping;
  assert.match(exposition(from.metrics), /plimsoll_log_lines_dropped_total 3/);
});

test("a reader that pauses loses nothing and mixes no lines", async (t) => {
  const file = join(temporary(t), "pipe");
  execFileSync("mkfifo", [file]);
  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const from = sources();
  const sink = logs({ destination: { file } });
  await sink.attach(from);
  for (let i = 0; i < 1_000; i++) from.executed.publish(execution({ requestId: `r${i}` }));
  const stopped = sink.stop();
  let text = "";
  for await (const piece of new Socket({ fd: reader, readable: true, writable: false }).setEncoding("utf8")) text += piece;
  await stopped;
  const ids = text.trimEnd().split("\n");
  assert.deepEqual(
    ids.map((line) => JSON.parse(line).request_id),
    Array.from({ length: 1_000 }, (_, i) => `r${i}`),
  );
});

test("a process that ends without a stop still writes its last lines", (t) => {
  const file = join(temporary(t), "last.jsonl");
  const program = `
    import { logs } from ${JSON.stringify(new URL("../../src/telemetry/logs.ts", import.meta.url))};
    import { execution, sources } from ${JSON.stringify(new URL("./sources.ts", import.meta.url))};
    const from = sources();
    await logs({ destination: { file: process.argv[1] } }).attach(from);
    for (let i = 0; i < 10; i++) from.executed.publish(execution());
    process.exit(3);`;
  const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", program, file]);
  assert.equal(status, 3);
  assert.equal(readFileSync(file, "utf8").trimEnd().split("\n").length, 10);
});

test("a destination that throws loses its line only", async () => {
  const from = sources();
  const sink = logs({
    destination: {
      write() {
        throw new Error("no");
      },
    },
  });
  await sink.attach(from);
  from.executed.publish(execution());
  assert.match(exposition(from.metrics), /plimsoll_log_lines_dropped_total 1/);
  await sink.stop();
});
