// What a tool asks its client for, by a result that is sent again; sessions are asked in test/mcp/client.test.ts.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { action, command, createApp, module, query, signedIn } from "plimsoll";
import { http } from "plimsoll/http";
import { mcp } from "plimsoll/mcp";
import { z } from "zod";
import { MemoryDatabase } from "../../src/testing/conformance/memory-database.ts";
import { type Running, run } from "./app.ts";
import { begin, from } from "./ask.ts";
import { ann } from "./operations.ts";

const ran: object[] = [];
const Input = z.object({
  street: z.string().max(20),
  floor: z.int().optional(),
  poem: z.string().optional(),
  colour: z.string(),
});
const order = command("suite.order", {
  ...{ input: Input, output: z.object({ count: z.int() }), access: signedIn(), budget: "5s", idempotent: "key" },
  mcp: {
    confirm: true,
    asks: {
      address: { person: "Where to?", fields: ["street", "floor"] },
      verse: { model: ({ street }) => `A verse on ${street ?? "it"}`, field: "poem", maxTokens: 10 },
      taste: { after: "address", person: ({ street }) => `Which colour suits ${street}?`, fields: ["colour"] },
    },
  },
  run: async (input) => ({ count: ran.push(input) }),
});
const prompt = query("suite.prompt", {
  ...{ input: z.object({ topic: z.enum(["love", "loss", "war"]), tone: z.string() }), output: z.object({ text: z.string() }) },
  ...{ access: signedIn(), budget: "5s", summary: "Write about it" },
  mcp: {
    prompt: "write",
    asks: { tone: { person: "In which tone?", fields: ["tone"] } },
    content: ({ text }) => [
      { type: "text", text },
      { type: "text", text: "Yes.", role: "assistant" },
    ],
  },
  run: async ({ topic, tone }) => ({ text: `Write on ${topic}, ${tone}.` }),
});

let running: Running;
before(async () => {
  running = await run([order, prompt]);
});
after(() => running[Symbol.asyncDispose]());

type More = Readonly<Record<string, unknown>>;
const accept = (content: object) => ({ action: "accept", content });
const able = { elicitation: {} };
const call = (more: More = {}, capabilities: object = able, input: More = {}) =>
  from(running.app).modern(
    "tools/call",
    { name: "suite.order", arguments: input, ...more },
    { headers: ann, capabilities: { ...capabilities } },
  );
const asked = ({ result }: { result: { inputRequests: object } }) => Object.keys(result.inputRequests);

describe("a tool that asks", () => {
  it("does not need of a model what its client is asked for", async () => {
    const { result } = await from(running.app).modern("tools/list");
    const [tool] = result.tools;
    assert.deepEqual([tool.inputSchema.required, "street" in tool.inputSchema.properties], [undefined, true]);
    assert.deepEqual(tool._meta["plimsoll/contract"].asks, ["address", "verse", "taste"]);
  });

  it("asks round by round, then whether a person confirms, and runs once for all retries", async () => {
    const at = ran.length;
    const first = await call();
    assert.deepEqual(asked(first), ["address"]);
    assert.deepEqual(first.result.inputRequests.address.params.requestedSchema, {
      type: "object",
      properties: {
        street: { type: "string", maxLength: 20 },
        floor: { type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 },
      },
      required: ["street"],
    });
    const second = await call({
      requestState: first.result.requestState,
      inputResponses: { address: accept({ street: "Elm", other: 1 }) },
    });
    assert.deepEqual(asked(second), ["taste"]);
    assert.equal(second.result.inputRequests.taste.params.message, "Which colour suits Elm?");
    const third = await call({ requestState: second.result.requestState, inputResponses: { taste: accept({ colour: "red" }) } });
    assert.deepEqual([asked(third), ran.length], [["confirm"], at]);
    const { requestState } = third.result;
    const last = { requestState, inputResponses: { confirm: accept({ confirmed: true }) } };
    const [once, twice] = [await call(last), await call(last)];
    assert.deepEqual([once.result.structuredContent, twice.result.structuredContent], [{ count: at + 1 }, { count: at + 1 }]);
    assert.deepEqual(ran.at(-1), { street: "Elm", colour: "red" });
  });

  it("does not ask for what the arguments have, and asks a model only where the client has one", async () => {
    const input = { street: "Elm", floor: 2, colour: "red" };
    assert.deepEqual(asked(await call({}, able, input)), ["confirm"]);
    const { result } = await call({}, { ...able, sampling: {} }, input);
    assert.equal(result.inputRequests.verse.params.messages[0].content.text, "A verse on Elm");
    const next = await call(
      {
        requestState: result.requestState,
        inputResponses: { verse: { role: "assistant", content: { type: "text", text: "Oh" }, model: "m" } },
      },
      able,
      input,
    );
    const last = { requestState: next.result.requestState, inputResponses: { confirm: accept({ confirmed: true }) } };
    await call(last, able, input);
    assert.deepEqual(ran.at(-1), { ...input, poem: "Oh" });
  });

  it("asks again where a response is none, and validates what it brings", async () => {
    const { result } = await call();
    for (const address of [12, {}, { action: "accept" }, { action: "accept", content: 5 }])
      assert.deepEqual(asked(await call({ requestState: result.requestState, inputResponses: { address } })), ["address"]);
    const input = { colour: "red" };
    const first = await call({}, able, input);
    const long = await call(
      { requestState: first.result.requestState, inputResponses: { address: accept({ street: "x".repeat(21) }) } },
      able,
      input,
    );
    const last = await call(
      { requestState: long.result.requestState, inputResponses: { confirm: accept({ confirmed: true }) } },
      able,
      input,
    );
    assert.equal(last.result._meta["plimsoll/problem"].problems[0].pointer, "/street");
  });

  it("is refused where what it needs is declined, and where the client cannot be asked for it", async () => {
    const { result } = await call();
    for (const action of ["decline", "cancel"]) {
      const declined = await call({ requestState: result.requestState, inputResponses: { address: { action } } });
      assert.equal(declined.result._meta["plimsoll/problem"].type, "urn:plimsoll:mcp_input_declined");
    }
    const unable = await call({}, { sampling: {} });
    assert.deepEqual([unable.status, unable.error.code, unable.error.data.requiredCapabilities], [400, -32_021, { elicitation: {} }]);
    const headers = await begin(running.app, ann);
    const legacy = await from(running.app).legacy("tools/call", { name: "suite.order", arguments: {} }, { headers });
    assert.equal(legacy.result._meta["plimsoll/problem"].type, "urn:plimsoll:mcp_input_needed");
  });

  it("keeps no more of earlier rounds than its client can send back", async () => {
    const { result } = await call();
    const address = accept({ street: "é".repeat(600) });
    const { error } = await call({ requestState: result.requestState, inputResponses: { address } });
    assert.deepEqual([error.code, error.data.type], [-32_602, "urn:plimsoll:mcp_input_long"]);
  });

  for (const [what, asks, says] of [
    ["a field that the input lacks", { a: { person: "?", fields: ["none"] } }, /asks\.a has none/],
    ["what fits into no form", { a: { person: "?", fields: ["list"] } }, /fits into no form/],
    ["what comes after nothing", { a: { after: "b", roots: "list" } }, /does not stand in front/],
    ["the name of a confirmation", { confirm: { roots: "list" } }, /name of a confirmation/],
  ] as const)
    it(`is refused at the start where it asks for ${what}`, async () => {
      const wrong = query("suite.wrong", {
        ...{ input: z.object({ list: z.array(z.object({})) }), output: z.object({}), access: "public", budget: "1s" },
        mcp: { asks: asks as never },
        run: async () => ({}),
      });
      const make = () =>
        createApp({
          modules: [module("suite", { operations: [wrong] })],
          database: { open: () => new MemoryDatabase() },
          surfaces: [http({ port: false }), mcp()],
        });
      assert.throws(make, says);
    });
});

describe("a confirmation", () => {
  const pay = action("suite.pay", {
    ...{ input: z.object({ cents: z.int() }), output: z.object({ cents: z.int() }), access: "public", budget: "1s", idempotent: "no" },
    mcp: { confirm: ({ cents }) => (Number(cents) < 100 ? undefined : `Pay ${cents} cents?`) },
    run: async (input) => input,
  });
  const plain = action("suite.plain", {
    ...{ input: z.object({ text: z.string() }), output: z.object({}), access: "public", budget: "1s", idempotent: "no" },
    mcp: { confirm: true },
    run: async () => ({}),
  });

  it("shows what is confirmed, and is asked for where the arguments need it", async () => {
    await using paying = await run([pay, plain]);
    const ask = async (name: string, input: object, more: object = {}) =>
      (await from(paying.app).modern("tools/call", { name, arguments: input, ...more }, { capabilities: able })).result;
    assert.deepEqual((await ask("suite.pay", { cents: 99 })).structuredContent, { cents: 99 });
    const asks = await ask("suite.pay", { cents: 100 });
    assert.equal(asks.inputRequests.confirm.params.message, "Pay 100 cents?");
    const more = { requestState: asks.requestState, inputResponses: { confirm: accept({ confirmed: true }) } };
    assert.deepEqual((await ask("suite.pay", { cents: 100 }, more)).structuredContent, { cents: 100 });
    const { message } = (await ask("suite.plain", { text: "a".repeat(600) })).inputRequests.confirm.params;
    assert.match(message, /^Do you confirm suite\.plain with \{"text":"a{400,500}…\?$/);
  });
});

describe("a prompt", () => {
  const get = (more: More, asking = {}) =>
    from(running.app).modern("prompts/get", { name: "write", ...more }, { headers: ann, capabilities: able, ...asking });

  it("is a query that is no tool, with its arguments", async () => {
    const { result } = await from(running.app).modern("prompts/list");
    assert.deepEqual(result.prompts, [{ name: "write", description: "Write about it", arguments: [{ name: "topic", required: true }] }]);
    assert.deepEqual([result.ttlMs, result.cacheScope], [300_000, "public"]);
    const tools = await from(running.app).modern("tools/list");
    assert.equal(tools.result.tools.length, 1);
  });

  it("asks its client too, and makes messages", async () => {
    const input = { arguments: { topic: "love" } };
    const { result } = await get(input);
    assert.deepEqual(Object.keys(result.inputRequests), ["tone"]);
    const last = await get({ ...input, requestState: result.requestState, inputResponses: { tone: accept({ tone: "softly" }) } });
    assert.deepEqual(last.result.messages, [
      { role: "user", content: { type: "text", text: "Write on love, softly." } },
      { role: "assistant", content: { type: "text", text: "Yes." } },
    ]);
    assert.equal(running.executions.at(-1)?.operation, "suite.prompt");
  });

  it("is refused as its query is", async () => {
    const stranger = await get({ arguments: { topic: "love", tone: "softly" } }, { headers: {} });
    assert.equal(stranger.status, 401);
    const wrong = await get({ arguments: { topic: "peace", tone: "softly" } });
    assert.equal(wrong.error.data.problems[0].pointer, "/topic");
    assert.equal((await get({ name: "none" })).error.code, -32_602);
  });

  it("has suggestions for its arguments", async () => {
    const complete = async (argument: object, ref: object = { type: "ref/prompt", name: "write" }) =>
      from(running.app).modern("completion/complete", { ref, argument });
    assert.deepEqual((await complete({ name: "topic", value: "lo" })).result.completion, {
      values: ["love", "loss"],
      total: 2,
      hasMore: false,
    });
    assert.deepEqual((await complete({ name: "tone", value: "" })).result.completion.values, []);
    for (const [argument, ref] of [
      [{ name: "none", value: "" }, undefined],
      [{ name: "topic" }, undefined],
      [
        { name: "topic", value: "" },
        { type: "ref/prompt", name: "none" },
      ],
      [
        { name: "topic", value: "" },
        { type: "ref/resource", uri: "none://" },
      ],
      [{ name: "topic", value: "" }, { type: "ref/none" }],
    ] as const)
      assert.equal((await complete(argument, ref)).error.code, -32_602);
  });
});
