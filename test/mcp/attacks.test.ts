// What hostile clients send: everything has an end, a bound and a refusal, and none of it is a bug of the server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { action } from "plimsoll";
import { z } from "zod";
import { LogLevels } from "../../src/mcp/run/notify/log-levels.ts";
import { type Running, run } from "./app.ts";
import { begin, from, post } from "./ask.ts";
import { ann, bob, operations } from "./operations.ts";

let yielded = 0;
let returned = Promise.withResolvers<void>();
const open = { input: z.object({}), access: "public", budget: "5s", idempotent: "no" } as const;
const floods = [
  action("suite.flood", {
    ...{ ...open, stream: z.object({ text: z.string() }), mcp: true },
    async *run() {
      try {
        for (; ; yielded++) yield { text: "a".repeat(1_000) };
      } finally {
        returned.resolve();
      }
    },
  }),
  action("suite.ask", {
    ...{ ...open, input: z.object({ name: z.string() }), output: z.object({ name: z.string() }) },
    mcp: { asks: { name: { person: "Who?", fields: ["name"] } } },
    run: async (input) => input,
  }),
];

let running: Running;
const sessionQuestions = 3;
before(async () => {
  running = await run([...operations().all, ...floods], {
    mcp: { limits: { questions: 4, sessionQuestions, resultItems: 1_000_000, resultBytes: 1_000_000_000 } },
  });
});
after(() => running[Symbol.asyncDispose]());

type Head = Readonly<Record<string, string>>;
const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };

/** Sends a request, and reads no more of its reply than the test does. */
async function send(message: object, headers: Head): Promise<Response> {
  const head = { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers };
  const request = new Request("http://localhost/mcp", { method: "POST", headers: head, body: JSON.stringify(message) });
  return running.app.fetch(request, { address: "192.0.2.1" });
}

/** Reads the first event of a reply, and leaves. */
async function leave({ body }: Response): Promise<void> {
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await reader.cancel();
}

describe("a client that does not read", () => {
  it("stops the stream that it asked for, and ends it by leaving", async () => {
    const params = { name: "suite.flood", arguments: {}, _meta: { ...meta, progressToken: 1 } };
    const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "suite.flood" };
    const response = await send({ jsonrpc: "2.0", id: 1, method: "tools/call", params }, headers);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    for (let at = 0; at < 20; at++) await reader.read();
    const before = yielded;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(yielded - before <= 2 && yielded <= 30, `${yielded} items`);
    await reader.cancel();
    await returned.promise;
    assert.equal(running.executions.at(-1)?.fault?.type, "client_disconnected");
    returned = Promise.withResolvers<void>();
  });
});

describe("questions to sessions", () => {
  const ask = (headers: Head, id: number) =>
    send({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "suite.ask", arguments: {} } }, headers);
  const session = async (headers: Head = ann): Promise<Head> => {
    const params = { protocolVersion: "2025-11-25", capabilities: { elicitation: {} } };
    const response = await send({ jsonrpc: "2.0", id: 0, method: "initialize", params }, headers);
    return { ...headers, "mcp-protocol-version": "2025-11-25", "mcp-session-id": response.headers.get("mcp-session-id") ?? "" };
  };
  const refusal = async (response: Response) => ((await response.json()) as { error: { data: { type: string } } }).error.data.type;

  it("are bounded in a session and in the process, and end with their requests", async () => {
    const [first, second] = [await session(), await session()];
    const asked = [await ask(first, 1), await ask(first, 2), await ask(first, 3)];
    assert.deepEqual(
      asked.map(({ headers }) => headers.get("content-type")),
      asked.map(() => "text/event-stream"),
    );
    assert.equal(await refusal(await ask(first, 4)), "urn:plimsoll:mcp_questions_exhausted");
    asked.push(await ask(second, 1));
    assert.equal(await refusal(await ask(second, 2)), "urn:plimsoll:mcp_questions_exhausted");
    for (const response of asked) await leave(response);
    const again = await ask(first, 5);
    assert.equal(again.headers.get("content-type"), "text/event-stream");
    await leave(again);
  });

  it("take the response of their session once, and no other", async () => {
    const [own, other, stranger] = [await session(), await session(), await session(bob)];
    const response = await ask(own, 1);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const text = new TextDecoder().decode((await reader.read()).value);
    const { id } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "{}");
    const say = (headers: Head, to: unknown) =>
      post(running.app, JSON.stringify({ jsonrpc: "2.0", id: to, result: { action: "accept", content: { name: "Ann" } } }), { headers });
    for (const [headers, to] of [
      [other, id],
      [stranger, id],
      [own, "guessed"],
      [own, 7],
    ] as const)
      assert.deepEqual([(await say(headers, to)).status], [400]);
    assert.equal((await say(own, id)).status, 202);
    assert.match(new TextDecoder().decode((await reader.read()).value), /"name":"Ann"/);
    assert.equal((await say(own, id)).status, 400);
  });

  it("end after as many rounds as there are questions, where a client responds with nothing", async () => {
    const headers = await session();
    const reader = ((await ask(headers, 1)).body as ReadableStream<Uint8Array>).getReader();
    for (let round = 0; ; round++) {
      assert.ok(round < 5, "it ends");
      const message = JSON.parse(/^data: (.*)$/m.exec(new TextDecoder().decode((await reader.read()).value))?.[1] ?? "{}");
      if (message.method === undefined) {
        assert.match(JSON.stringify(message.result), /mcp_input_declined/);
        break;
      }
      await post(running.app, JSON.stringify({ jsonrpc: "2.0", id: message.id, result: {} }), { headers });
    }
  });
});

it("keeps the levels of so many sessions, and forgets the oldest", () => {
  const levels = new LogLevels(2);
  for (const session of ["a", "b", "a", "c"]) levels.set(session, "error");
  assert.deepEqual(
    ["a", "b", "c"].map((session) => levels.get(session)),
    ["error", "info", "error"],
  );
});

const methods = [
  ...["tools/call", "tools/list", "prompts/get", "resources/read", "completion/complete", "tasks/get", "tasks/cancel"],
  ...["subscriptions/listen", "logging/setLevel", "resources/subscribe", "resources/unsubscribe", "initialize", "ping"],
];

it("refuses whatever parameters come, and has no bug for them", async () => {
  const headers = await begin(running.app, ann);
  const names = [
    "name",
    "uri",
    "arguments",
    "cursor",
    "ref",
    "argument",
    "requestState",
    "inputResponses",
    "taskId",
    "notifications",
    "level",
  ];
  const params = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom("suite.ask", "suite://all")),
  );
  const capabilities = fc.dictionary(fc.constantFrom("elicitation", "extensions", "sampling"), fc.jsonValue({ maxDepth: 1 }));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...methods), params, capabilities, async (method, sent, declared) => {
      const safe = method === "initialize" ? { ...sent, capabilities: declared } : sent;
      const modern = await from(running.app).modern(method, safe, { headers: ann, capabilities: declared });
      const legacy = await from(running.app).legacy(method, safe, { headers });
      for (const { status, error } of [modern, legacy]) {
        assert.ok(status < 500, `${status}`);
        assert.notEqual(error?.data?.code, "internal");
      }
    }),
    { numRuns: 200 },
  );
});
