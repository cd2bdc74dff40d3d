// A refusal says the same wherever it is read: to the caller, in the wide event, the log, the metrics and the list of limits.
import assert from "node:assert/strict";
import { it } from "node:test";
import { logs, prometheus } from "plimsoll/telemetry";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { serve } from "../http/app.ts";

it("says limit, value, load and when to come back everywhere alike, and not to all at the same time", async () => {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const slow = action("t.slow", {
    ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", http: "POST /slow" },
    budget: { deadline: "60s", concurrency: 1, queue: 0 },
    run: async () => {
      await new Promise<void>((resolve) => void waiting.push(resolve));
      return {};
    },
  });
  const telemetry = [logs({ destination: { write: (line) => void lines.push(line) } }), prometheus()];
  await using served = await serve([slow], { telemetry, ops: { port: 0 } });
  const first = served.ask("POST", "/slow");
  while (waiting.length === 0) await new Promise<void>((resolve) => void setImmediate(resolve));
  const expected = new Map<string, unknown>();
  const comeBack = new Map<string, number>();
  const refusals = 60;
  for (let i = 0; i < refusals; i++) {
    const executed = served.executed();
    const { status, json, headers } = await served.ask("POST", "/slow");
    const { refusal, fault, requestId } = await executed;
    const said = { limit: "t.slow concurrency", value: 1, load: 1 };
    assert.deepEqual([status, json.details, refusal], [503, said, { ...said, mode: "enforce" }]);
    const after = headers["retry-after"] ?? "";
    assert.equal(Number(after) * 1_000, fault?.retryAfterMs);
    comeBack.set(after, (comeBack.get(after) ?? 0) + 1);
    expected.set(requestId, { ...said, mode: "enforce", retry_after_ms: fault?.retryAfterMs });
  }
  assert.deepEqual([...comeBack.keys()].toSorted(), ["1", "2", "3"], "spread over 1 to 3 s");
  const line = served.app.loadLines.find("t.slow concurrency");
  assert.equal(line?.refusals[0]?.refused, refusals);
  const shown = await (await fetch(`${served.app.urls.ops}/metrics`)).text();
  assert.match(
    shown,
    new RegExp(`^plimsoll_refusals_total\\{operation="t.slow",limit="t.slow concurrency",mode="enforce"\\} ${refusals}$`, "m"),
  );
  assert.match(shown, new RegExp(`^plimsoll_loadline_refused_total\\{limit="t.slow concurrency",reason="full"\\} ${refusals}$`, "m"));
  while (lines.length < refusals) await new Promise<void>((resolve) => void setImmediate(resolve));
  const logged = lines.map((line) => JSON.parse(line)).filter(({ refusal }) => refusal !== undefined);
  assert.deepEqual(new Map(logged.map(({ request_id, refusal }) => [request_id, refusal])), expected);
  for (const resume of waiting) resume();
  assert.equal((await first).status, 204);
});
