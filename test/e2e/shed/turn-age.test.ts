import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { systemClock } from "../../../src/core/clock.ts";
import { role } from "../../../src/operation/access.ts";
import { authenticator } from "../../../src/operation/actor.ts";
import type { Criticality } from "../../../src/operation/execution.ts";
import { action } from "../../../src/operation/online/action.ts";
import { TestTurns } from "../../pipeline/shed/turns.ts";
import { type ServeSpec, serve } from "../http/app.ts";
import { requestText, type Wire, type WireResponse } from "../http/client.ts";

function operation(name: string, criticality: Criticality = "default") {
  return action(`t.${name}`, {
    input: z.object({ text: z.string().optional() }),
    output: z.object({ ok: z.boolean() }),
    access: role("customer"),
    criticality,
    budget: "10s",
    idempotent: "natural",
    http: `POST /${name}`,
    run: async () => ({ ok: true }),
  });
}

const operations = [operation("plain"), operation("vital", "critical"), operation("spare", "sheddable")];
const headers = { authorization: "Bearer ann" };

async function sent(wire: Wire, body: string): Promise<WireResponse> {
  const response = await wire.send(requestText("POST", "/plain", { headers, body })).next();
  assert.ok(response, "the connection ended without a response");
  return response;
}

/** One of eight late requests shows its tenant before it is refused: here none does, unless `random` says so. */
async function serveTurns({ random = 0.99, ...spec }: ServeSpec & { readonly random?: number } = {}) {
  const turns = new TestTurns();
  let asked = 0;
  const authentication = authenticator({
    authenticate: (name) => {
      asked++;
      return { id: name, kind: "user", roles: ["customer", ...(name === "relay" ? ["service"] : [])], tenant: undefined, claims: {} };
    },
  });
  const served = await serve(operations, { turns, authentication, clock: { ...systemClock, random: () => random }, ...spec });
  /** Two steps of work in this turn, each longer than a request may wait. */
  const isBehind = async () => {
    turns.next();
    for (const path of ["/plain", "/plain"]) {
      await served.ask("POST", path, { headers, body: "{}" });
      turns.work(150);
    }
  };
  return { served, turns, isBehind, asked: () => asked };
}

describe("a request that is reached late in its turn", () => {
  it("is refused before its credentials are looked at, with the limit, its value and the load, and keeps its connection", async () => {
    const { served, turns, isBehind, asked } = await serveTurns();
    await using _ = served;
    await isBehind();
    const before = asked();
    const wire = await served.wire();
    const executed = served.executed();
    const refused = await sent(wire, '{"text": 1}');
    assert.equal(refused.status, 503, refused.body);
    assert.deepEqual([refused.json.code, refused.json.type], ["unavailable", "urn:plimsoll:overloaded"]);
    assert.deepEqual(refused.json.details, { limit: "turn age", value: 40, load: 300 });
    assert.equal(refused.json.requestId, refused.headers["x-request-id"]);
    assert.match(refused.headers["retry-after"] ?? "", /^[123]$/);
    assert.equal(asked(), before);
    assert.deepEqual((await executed).refusal, { limit: "turn age", value: 40, load: 300, mode: "enforce" });
    turns.next();
    assert.equal((await sent(wire, "{}")).status, 200);
  });

  it("is refused as well where it is one of the few that show their tenants first", async () => {
    const { served, isBehind, asked } = await serveTurns({ random: 0 });
    await using _ = served;
    await isBehind();
    const before = asked();
    const refused = await sent(await served.wire(), "{}");
    assert.deepEqual([refused.status, refused.json.details], [503, { limit: "turn age", value: 40, load: 300 }]);
    assert.equal(asked(), before + 1);
  });

  it("is refused by how important its operation is", async () => {
    const { served, turns, isBehind } = await serveTurns();
    await using _ = served;
    await isBehind();
    turns.next();
    const statusOf = async (path: string) => (await served.ask("POST", path, { headers, body: "{}" })).status;
    assert.equal(await statusOf("/spare"), 200);
    turns.work(20);
    assert.equal(await statusOf("/plain"), 200);
    turns.work(20);
    assert.deepEqual([await statusOf("/spare"), await statusOf("/plain")], [503, 200]);
    turns.work(60);
    assert.deepEqual([await statusOf("/plain"), await statusOf("/vital")], [200, 200]);
    turns.work(60);
    assert.deepEqual([await statusOf("/plain"), await statusOf("/vital")], [503, 200]);
  });

  it("is counted and let in where the limit only measures, and not looked at where it is off", async () => {
    const { served, isBehind } = await serveTurns();
    await using _ = served;
    const read = () => served.app.loadLines.list().find(({ name }) => name === "turn age");
    served.app.loadLines.setMode("turn age", "measure", "a test");
    await isBehind();
    const executed = served.executed();
    assert.equal((await served.ask("POST", "/plain", { headers, body: "{}" })).status, 200);
    assert.deepEqual((await executed).refusal, { limit: "turn age", value: 40, load: 300, mode: "measure" });
    assert.deepEqual([read()?.refused.default, read()?.wouldRefuse.default], [0, 1]);
    served.app.loadLines.setMode("turn age", "off", "a test");
    await isBehind();
    assert.equal((await served.ask("POST", "/plain", { headers, body: "{}" })).status, 200);
    assert.equal(read()?.wouldRefuse.default, 1);
  });

  it("is not refused in a call of this process, which waited for no turn", async () => {
    const { served, isBehind } = await serveTurns();
    await using _ = served;
    await isBehind();
    const actor = { id: "ann", kind: "user", roles: ["customer"], tenant: undefined, claims: {} } as const;
    assert.deepEqual(await served.app.call(operations[0]!, {}, { actor }), { ok: true });
  });
});

describe("how important a caller says its request is", () => {
  const said = { "plimsoll-criticality": "critical" };

  it("counts from a caller whom the app knows as internal", async () => {
    const { served } = await serveTurns({ internalCallers: role("service") });
    await using _ = served;
    const executed = served.executed();
    await served.ask("POST", "/spare", { headers: { authorization: "Bearer relay", ...said }, body: "{}" });
    assert.equal((await executed).criticality, "critical");
  });

  it("counts for nothing from any other, nor where no caller is internal", async () => {
    for (const [name, spec] of [
      ["ann", { internalCallers: role("service") }],
      ["relay", {}],
    ] as const) {
      const { served } = await serveTurns(spec);
      await using _ = served;
      const executed = served.executed();
      await served.ask("POST", "/spare", { headers: { authorization: `Bearer ${name}`, ...said }, body: "{}" });
      assert.equal((await executed).criticality, "sheddable", name);
    }
  });
});
