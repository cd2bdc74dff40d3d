// The log as people read it in development.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fault } from "../../src/core/fault.ts";
import { HttpFacts } from "../../src/http/reply/facts.ts";
import type { TelemetrySources } from "../../src/operation/telemetry.ts";
import { logs } from "../../src/telemetry/logs.ts";
import { execution, record, sources } from "./sources.ts";

async function textOf(tell: (from: TelemetrySources) => void): Promise<string> {
  const texts: string[] = [];
  const from = sources();
  const options = { format: "readable", destination: { write: (line: string) => void texts.push(line) } } as Parameters<typeof logs>[0];
  const sink = logs(options);
  await sink.attach(from);
  tell(from);
  await sink.stop();
  return texts.join("");
}

const broken = () => {
  const cause = new TypeError("stock is undefined");
  cause.stack = "TypeError: stock is undefined\n    at placeOrder (place-order.ts:9:5)";
  return execution({
    outcome: "internal",
    fault: new Fault({ code: "internal", message: "hidden", cause }),
    facts: new HttpFacts({ method: "POST", route: "/v1/orders", status: 500 }, 210, 60),
  });
};

test("a request is one line: when, how it ended, what it was and how long it took", async () => {
  const text = await textOf((from) => from.executed.publish(execution({ upstreamMs: undefined, tenant: undefined })));
  assert.equal(text, "12:00:00.262 info  201 POST /v1/orders orders.place 12.346 ms (database 4 ms, 3 statements)\n");
});

test("a failure shows its cause, with the place where it was thrown, and the id to look for", async () => {
  const text = await textOf((from) => from.executed.publish(broken()));
  assert.match(text, /^\S+ error 500 POST \/v1\/orders orders\.place /);
  assert.match(text, /\n {2}TypeError: stock is undefined\n {6}at placeOrder \(place-order\.ts:9:5\)\n/);
  assert.match(text, /\n {2}request: 01900000-0000-7000-8000-000000000000\n$/);
});

test("a log line shows its message and its fields, and hides what the JSON hides", async () => {
  const text = await textOf((from) => from.logged.publish(record({ message: "reserved", fields: { left: 3, password: "tides" } })));
  assert.match(text, /^\S+ info {2}orders\.place reserved\n {2}fields: \{"left":3,"password":/);
  assert.doesNotMatch(text, /tides/);
});

test("nothing that a caller writes moves the cursor, colours a line or makes one up", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("\u001b[2J", "\u001b]0;x\u0007", "\r\n", "\u009b31m", "\u202e", "a", "é", "船"), { minLength: 1 }),
      async (parts) => {
        const message = parts.join("");
        const text = await textOf((from) => from.logged.publish(record({ message, fields: undefined })));
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
        assert.doesNotMatch(text.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      },
    ),
    { seed: 8 },
  ));

test("where stdout is not a terminal, it is JSON (as before)", async () => {
  const lines: string[] = [];
  const from = sources();
  const sink = logs({ destination: { write: (line) => void lines.push(line) } });
  await sink.attach(from);
  from.executed.publish(broken());
  await sink.stop();
  assert.equal(JSON.parse(lines[0]!).level, "error");
});
