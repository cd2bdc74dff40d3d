// What a caller has left in the words of other protocols: believed from internal callers alone, and only to shorten a deadline.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { role } from "../../src/operation/access.ts";
import { type Actor, authenticator } from "../../src/operation/actor.ts";
import { action } from "../../src/operation/online/action.ts";
import { serve } from "../e2e/http/app.ts";

const left = action("t.left", {
  ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no" },
  budget: "40s",
  http: "POST /left",
  run: async () => ({}),
});
const known = authenticator({
  authenticate: async (token): Promise<Actor> => ({ id: token, kind: "user", roles: [token], tenant: undefined, claims: {} }),
});
const served = (spec: object = { internalCallers: role("service") }) => serve([left], { authentication: known, ...spec });
type Headers = Readonly<Record<string, string>>;

/** What an internal caller sends, and the budget that its execution gets: the smaller of both, or the type of the refusal. */
const table: readonly (readonly [Headers, number | "timeout_invalid" | "deadline_exceeded"])[] = [
  [{ "grpc-timeout": "10000m" }, 10_000],
  [{ "grpc-timeout": "39999m" }, 39_999],
  [{ "grpc-timeout": "40001m" }, 40_000],
  [{ "grpc-timeout": "41S" }, 40_000],
  [{ "grpc-timeout": "99999999H" }, 40_000],
  [{ "grpc-timeout": "15000000u" }, 15_000],
  [{ "grpc-timeout": "99000000n" }, 99],
  [{ "grpc-timeout": "0m" }, "deadline_exceeded"],
  [{ "grpc-timeout": "1n" }, "deadline_exceeded"],
  [{ "grpc-timeout": "100" }, "timeout_invalid"],
  [{ "grpc-timeout": "100ms" }, "timeout_invalid"],
  [{ "grpc-timeout": "100M " }, 40_000],
  [{ "grpc-timeout": "123456789m" }, "timeout_invalid"],
  [{ "grpc-timeout": "-1S" }, "timeout_invalid"],
  [{ "grpc-timeout": "1.5S" }, "timeout_invalid"],
  [{ "grpc-timeout": "" }, "timeout_invalid"],
  [{ "connect-timeout-ms": "10000" }, 10_000],
  [{ "Connect-Timeout-Ms": "0000010000" }, 10_000],
  [{ "connect-timeout-ms": "9999999999" }, 40_000],
  [{ "connect-timeout-ms": "0" }, "deadline_exceeded"],
  [{ "connect-timeout-ms": "10000000000" }, "timeout_invalid"],
  [{ "connect-timeout-ms": "-1" }, "timeout_invalid"],
  [{ "connect-timeout-ms": "1e2" }, "timeout_invalid"],
  [{ "connect-timeout-ms": "100ms" }, "timeout_invalid"],
  [{ "x-envoy-expected-rq-timeout-ms": "10000" }, 10_000],
  [{ "x-envoy-expected-rq-timeout-ms": "45000" }, 40_000],
  [{ "x-envoy-expected-rq-timeout-ms": "0" }, 40_000],
  [{ "x-envoy-expected-rq-timeout-ms": "3.0" }, 40_000],
  [{ "x-envoy-expected-rq-timeout-ms": "soon" }, 40_000],
  [{ "grpc-timeout": "30000m", "connect-timeout-ms": "20000", "x-envoy-expected-rq-timeout-ms": "25000" }, 20_000],
  [{ "grpc-timeout": "30000m", "request-timeout-ms": "20000" }, 20_000],
  [{ "grpc-timeout": "20000m", "request-timeout-ms": "30000", "plimsoll-deadline-ms": "35000" }, 20_000],
  [{ "x-envoy-expected-rq-timeout-ms": "soon", "connect-timeout-ms": "20000" }, 20_000],
];

describe("the timeout of another protocol", () => {
  it("from an internal caller shortens the deadline and never lengthens it; a bad value is what it is to its protocol", async () => {
    await using app = await served();
    for (const [headers, expected] of table) {
      const said = JSON.stringify(headers);
      const executed = app.executed(left);
      const answer = await app.ask("POST", "/left", { headers: { authorization: "Bearer service", ...headers } });
      const { status } = answer;
      const { deadlineMs, outcome } = await executed;
      if (typeof expected === "number") {
        assert.equal(deadlineMs, expected, said);
        // So few nanoseconds as fit into eight digits may be over on a busy machine.
        if (expected > 1_000) assert.equal(status, 204, said);
      }
      if (expected === "deadline_exceeded") assert.deepEqual([status, outcome], [504, "deadline_exceeded"], said);
      if (expected === "timeout_invalid") {
        const { json } = answer;
        assert.deepEqual([status, json.type, json.details.header], [400, "urn:plimsoll:timeout_invalid", Object.keys(headers)[0]], said);
        assert.match(json.detail, /Send .*, or leave it out/);
      }
    }
  });

  it("means nothing from any other caller, nor where no caller is internal: neither to shorten nor to be refused", async () => {
    for (const [token, spec] of [
      ["customer", { internalCallers: role("service") }],
      [undefined, { internalCallers: role("service") }],
      ["service", {}],
    ] as const) {
      await using app = await served(spec);
      for (const [headers] of table.filter(([one]) => Object.keys(one).length === 1)) {
        const executed = app.executed(left);
        const authorization: Headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const { status } = await app.ask("POST", "/left", { headers: { ...authorization, ...headers } });
        assert.deepEqual([status, (await executed).deadlineMs], [204, 40_000], `${token}: ${JSON.stringify(headers)}`);
      }
    }
  });

  it("counts in app.fetch as over a socket", async () => {
    await using app = await served();
    const executed = app.executed(left);
    const headers = { authorization: "Bearer service", "grpc-timeout": "15000m", "content-type": "application/json" };
    await app.app.fetch(new Request("http://app/left", { method: "POST", body: "{}", headers }));
    assert.equal((await executed).deadlineMs, 15_000);
  });

  it("ends a handler that runs when it is over", async () => {
    const waits = action("t.waits", {
      ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no" },
      budget: "30s",
      http: "POST /waits",
      run: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    await using app = await serve([waits], { authentication: known, internalCallers: role("service") });
    const { status } = await app.ask("POST", "/waits", { headers: { authorization: "Bearer service", "grpc-timeout": "50m" } });
    assert.equal(status, 504);
  });

  it("in two lines is refused, from any caller", async () => {
    await using app = await served();
    const wire = await app.wire();
    const lines = "grpc-timeout: 1S\r\ngrpc-timeout: 2S\r\n";
    const { status, json } = await wire.ask(`POST /left HTTP/1.1\r\nhost: a\r\n${lines}content-length: 0\r\n\r\n`);
    assert.deepEqual([status, json.type], [400, "urn:plimsoll:header_repeated"]);
    wire.close();
  });
});
