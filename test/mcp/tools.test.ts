import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { query } from "plimsoll";
import { TestClock } from "plimsoll/testing";
import { z } from "zod";
import { type Running, run } from "./app.ts";
import { begin, from } from "./ask.ts";
import { ann, bob, operations } from "./operations.ts";

const call = (name: string, text: string, more = {}) => ({ name, arguments: { text }, ...more });
const confirming = { elicitation: {} };
const yes = { confirm: { action: "accept", content: { confirmed: true } } };

let running: Running;
let made: ReturnType<typeof operations>;
const clock = new TestClock();
before(async () => {
  made = operations();
  running = await run(made.all, { spec: { clock } });
});
after(() => running[Symbol.asyncDispose]());

describe("a list of tools", () => {
  it("has those that say mcp, in the order of their names, with what their contracts say", async () => {
    const { result } = await from(running.app).modern("tools/list");
    assert.deepEqual(
      result.tools.map(({ name }: { name: string }) => name),
      [
        "sell",
        "suite.all",
        "suite.clerk",
        "suite.crash",
        "suite.drop",
        "suite.keep",
        "suite.look",
        "suite.page",
        "suite.set",
        "suite.wait",
      ],
    );
    const look = result.tools.find(({ name }: { name: string }) => name === "suite.look");
    assert.deepEqual([look.title, look.description], ["Look", "Look it up"]);
    assert.deepEqual(look.inputSchema, { type: "object", properties: { text: { type: "string", maxLength: 20 } }, required: ["text"] });
    assert.deepEqual(look.outputSchema.required, ["text"]);
    assert.deepEqual(look._meta["plimsoll/contract"].faults, [{ type: "not_there", code: "not_found" }]);
    assert.deepEqual([result.resultType, result.ttlMs, result.cacheScope], ["complete", 300_000, "public"]);
  });

  it("is the same in both eras", async () => {
    const [modern, legacy] = [await from(running.app).modern("tools/list"), await from(running.app).legacy("tools/list")];
    assert.deepEqual(legacy.result, { tools: modern.result.tools });
  });

  it("derives hints from kind, key and what a contract says", async () => {
    const { result } = await from(running.app).modern("tools/list");
    const hints = Object.fromEntries(
      result.tools.map(({ name, annotations: { readOnlyHint, destructiveHint, idempotentHint } }: never) => [
        name,
        [readOnlyHint, destructiveHint, idempotentHint].map(Number).join(""),
      ]),
    );
    assert.deepEqual([hints["suite.look"], hints["suite.set"], hints["suite.keep"], hints["suite.drop"]], ["101", "001", "010", "010"]);
  });

  it("comes in pages", async () => {
    await using small = await run(operations().all, { mcp: { limits: { pageItems: 4 } } });
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const { result } = await from(small.app).modern("tools/list", cursor === undefined ? {} : { cursor });
      names.push(...result.tools.map(({ name }: { name: string }) => name));
      assert.ok(result.tools.length <= 4);
      cursor = result.nextCursor;
    } while (cursor !== undefined);
    assert.equal(new Set(names).size, 10);
    assert.equal(names.length, 10);
    const { error } = await from(small.app).modern("tools/list", { cursor: "none" });
    assert.equal(error.code, -32_602);
  });
});

describe("a call of a tool", () => {
  it("is an execution of its operation, below its request", async () => {
    const at = running.executions.length;
    const { result } = await from(running.app).modern("tools/call", call("suite.look", "a"));
    assert.deepEqual(result.structuredContent, { text: "a" });
    assert.deepEqual(result.content, [{ type: "text", text: '{"text":"a"}' }]);
    const [execution] = running.executions.slice(at);
    const carrier = running.carriers.at(-1);
    assert.deepEqual(
      [execution?.operation, execution?.surface, execution?.outcome, execution?.traceId, execution?.parentSpanId],
      ["suite.look", "mcp", "ok", carrier?.traceId, carrier?.spanId],
    );
  });

  it("gives what its operation refuses as a result that a model reads", async () => {
    const { status, result } = await from(running.app).modern("tools/call", call("sell", "a"));
    assert.deepEqual([status, result.isError, "structuredContent" in result], [200, true, false]);
    const [sentence, facts] = result.content[0].text.split("\n");
    assert.equal(sentence, "Only 2 are left.");
    assert.deepEqual(JSON.parse(facts), { code: "failed_precondition", type: "sold_out", details: { left: 2 } });
    assert.equal(result._meta["plimsoll/problem"].type, "urn:plimsoll:sold_out");
  });

  it("says what is wrong with arguments, and hides the cause of a bug", async () => {
    const long = await from(running.app).modern("tools/call", call("suite.look", "a".repeat(21)));
    assert.equal(long.result._meta["plimsoll/problem"].problems[0].pointer, "/text");
    const crashed = await from(running.app).modern("tools/call", call("suite.crash", "a"));
    assert.equal(crashed.result._meta["plimsoll/problem"].code, "internal");
    assert.doesNotMatch(JSON.stringify(crashed.result), /secrets/);
  });

  it("refuses a stranger by the status of HTTP, and a caller without the role by a result", async () => {
    const stranger = await from(running.app).modern("tools/call", call("suite.clerk", "a"));
    assert.deepEqual([stranger.status, stranger.error.code, stranger.error.data.code], [401, 401, "unauthenticated"]);
    assert.match(stranger.headers.get("www-authenticate") ?? "", /^Bearer/);
    const other = await from(running.app).modern("tools/call", call("suite.clerk", "a"), { headers: bob });
    assert.deepEqual([other.status, other.result._meta["plimsoll/problem"].code], [200, "permission_denied"]);
    const clerk = await from(running.app).modern("tools/call", call("suite.clerk", "a"), { headers: ann });
    assert.deepEqual(clerk.result.structuredContent, { text: "a" });
  });

  it("ends when its client leaves", async () => {
    const begun = made.begin();
    const leaving = new AbortController();
    const asked = from(running.app)
      .modern("tools/call", call("suite.wait", "a"), { signal: leaving.signal })
      .catch(() => undefined);
    const signal = await begun;
    leaving.abort();
    await asked;
    assert.equal(signal.aborted, true);
    assert.equal(running.executions.at(-1)?.fault?.type, "client_disconnected");
  });
});

describe("a key", () => {
  const keep = (more = {}, asking = {}) =>
    from(running.app).modern("tools/call", call("suite.keep", "k", more), { headers: ann, ...asking });

  it("is made for a client that has none, which sends the call again with it", async () => {
    const first = await keep();
    assert.deepEqual([first.result.resultType, "inputRequests" in first.result], ["input_required", false]);
    const { requestState } = first.result;
    const [once, twice] = [await keep({ requestState }), await keep({ requestState })];
    assert.deepEqual(twice.result.structuredContent, once.result.structuredContent);
    assert.deepEqual([once.result._meta["plimsoll/replayed"], twice.result._meta["plimsoll/replayed"]], [undefined, true]);
  });

  for (const [way, asking] of Object.entries({
    "the head": { headers: { ...ann, "idempotency-key": "k-1" } },
    "the request's _meta": { meta: { "plimsoll/idempotency-key": "k-2" } },
  }))
    it(`comes in ${way}`, async () => {
      const [once, twice] = [await keep({}, asking), await keep({}, asking)];
      assert.deepEqual(twice.result.structuredContent, once.result.structuredContent);
    });

  for (const [who, more, headers] of [
    ["another caller", {}, bob],
    ["other arguments", { arguments: { text: "other" } }, ann],
    ["another tool", { name: "suite.drop" }, ann],
  ] as const)
    it(`is not that of ${who}`, async () => {
      const { requestState } = (await keep()).result;
      const { error } = await keep({ ...more, requestState }, { headers, capabilities: confirming });
      assert.equal(error.code, -32_602);
    });

  it("that was made ends, and cannot be changed", async () => {
    const { requestState } = (await keep()).result;
    const forged = await keep({ requestState: `${requestState.slice(0, -1)}${requestState.endsWith("A") ? "B" : "A"}` });
    assert.equal(forged.error.code, -32_602);
    clock.advance(600_000);
    assert.equal((await keep({ requestState })).error.code, -32_602);
  });

  it("is that of a session and the id of its request, in the older era", async () => {
    const headers = await begin(running.app, ann);
    const asked = (id: number) => from(running.app).legacy("tools/call", call("suite.keep", "k"), { id, headers });
    const [once, again, other] = [await asked(1), await asked(1), await asked(2)];
    assert.deepEqual(again.result.structuredContent, once.result.structuredContent);
    assert.notDeepEqual(other.result.structuredContent, once.result.structuredContent);
  });

  it("has to come where the app makes none", async () => {
    await using strict = await run(operations().all, { mcp: { keys: "asked" } });
    const { result } = await from(strict.app).modern("tools/call", call("suite.keep", "k"), { headers: ann });
    assert.equal(result._meta["plimsoll/problem"].type, "urn:plimsoll:idempotency_key_missing");
  });
});

describe("a tool that destroys", () => {
  const drop = (more = {}, capabilities: object = confirming) =>
    from(running.app).modern("tools/call", call("suite.drop", "d", more), { headers: ann, capabilities: { ...capabilities } });

  it("runs once a person has confirmed it, and once for all retries", async () => {
    const at = made.ran.length;
    const { result } = await drop();
    assert.equal(result.resultType, "input_required");
    assert.match(result.inputRequests.confirm.params.message, /suite\.drop.*Drop it/);
    assert.equal(made.ran.length, at);
    const { requestState } = result;
    const [once, twice] = [await drop({ requestState, inputResponses: yes }), await drop({ requestState, inputResponses: yes })];
    assert.deepEqual(twice.result.structuredContent, once.result.structuredContent);
  });

  it("does not run where a person declines, or is not asked", async () => {
    const at = made.ran.length;
    const { requestState } = (await drop()).result;
    for (const confirm of [{ action: "decline" }, { action: "cancel" }, { action: "accept", content: { confirmed: false } }]) {
      const { result } = await drop({ requestState, inputResponses: { confirm } });
      assert.equal(result._meta["plimsoll/problem"].type, "urn:plimsoll:mcp_confirmation_declined");
    }
    assert.equal((await drop({ inputResponses: yes })).result.resultType, "input_required");
    assert.equal((await drop({ requestState })).result.resultType, "input_required");
    const unable = await drop({}, {});
    assert.deepEqual([unable.status, unable.error.code, unable.error.data.requiredCapabilities], [400, -32_021, { elicitation: {} }]);
    const legacy = await from(running.app).legacy("tools/call", call("suite.drop", "d"), { headers: ann });
    assert.equal(legacy.result._meta["plimsoll/problem"].type, "urn:plimsoll:mcp_confirmation_needed");
    assert.equal(made.ran.length, at);
  });
});

describe("a resource", () => {
  const readText = async (uri: string) => (await from(running.app).modern("resources/read", { uri })).result.contents[0];

  it("is listed by its address, or by its template", async () => {
    const listed = await from(running.app).modern("resources/list");
    assert.deepEqual(
      listed.result.resources.map(({ uri, mimeType }: never) => [uri, mimeType]),
      [
        ["suite://all", "application/json"],
        ["suite://page.html", "text/html"],
      ],
    );
    const templates = await from(running.app).modern("resources/templates/list");
    assert.deepEqual(
      templates.result.resourceTemplates.map(({ uriTemplate }: never) => uriTemplate),
      ["suite://{text}"],
    );
  });

  it("is what its query returns, as JSON or as the file that HTTP sends", async () => {
    assert.deepEqual(await readText("suite://all"), { uri: "suite://all", mimeType: "application/json", text: '{"text":"all"}' });
    assert.deepEqual(await readText("suite://page.html"), { uri: "suite://page.html", mimeType: "text/html", text: "<p>page" });
    assert.equal((await readText("suite://b%20c")).text, '{"text":"b c"}');
    assert.equal(running.executions.at(-1)?.operation, "suite.look");
  });

  for (const uri of ["suite://none", "other://a", "suite://a/b", "suite://%ff"])
    it(`is not there at ${uri}`, async () => {
      const { error } = await from(running.app).modern("resources/read", { uri });
      assert.deepEqual([error.code, error.data.uri], [-32_602, uri]);
      assert.equal((await from(running.app).legacy("resources/read", { uri })).error.code, -32_002);
    });

  it("whose query fails is an error of JSON-RPC, without its cause", async () => {
    const broken = query("suite.broken", {
      ...{ input: z.object({}), output: z.object({}), access: "public", budget: "1s", mcp: { resource: "suite://broken" } },
      run: async () => {
        throw new TypeError("table_of_secrets");
      },
    });
    await using other = await run([broken]);
    const { status, error } = await from(other.app).modern("resources/read", { uri: "suite://broken" });
    assert.deepEqual([status, error.code, error.data.code], [200, -32_603, "internal"]);
    assert.doesNotMatch(JSON.stringify(error), /secrets/);
  });
});
