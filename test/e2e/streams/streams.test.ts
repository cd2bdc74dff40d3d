import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { fault } from "../../../src/core/fault.ts";
import { action } from "../../../src/operation/online/action.ts";
import { query } from "../../../src/operation/online/query.ts";
import { gate, serve } from "../http/app.ts";
import { StreamClient } from "./client.ts";

const Item = z.object({ n: z.int() });
const input = z.object({ from: z.int().default(1), to: z.int().default(3) });
const common = { input, access: "public", budget: "5s" } as const;

const counted = query("t.counted", {
  ...common,
  stream: { item: Item, id: ({ n }) => String(n) },
  http: "GET /counted",
  async *run({ from, to }, { lastEventId }) {
    for (let n = lastEventId === undefined ? from : Number(lastEventId) + 1; n <= to; n++) yield { n };
  },
});

const events = (...numbers: number[]) => numbers.map((n) => `id: ${n}\ndata: {"n":${n}}\n\n`).join("");
const end = "event: end\ndata: {}\n\n";

describe("a stream over HTTP", () => {
  it("is sent as events, and says that it is complete", async () => {
    await using served = await serve([counted]);
    const client = await StreamClient.open(served.port, "GET /counted");
    const executed = served.executed(counted);
    assert.equal(await client.end(), "complete");
    assert.match(client.head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(client.head, /\r\ncontent-type: text\/event-stream\r\n/i);
    assert.match(client.head, /\r\ncache-control: no-store\r\n/i);
    assert.equal(client.body, events(1, 2, 3) + end);
    const { outcome, stream, facts } = await executed;
    assert.equal(outcome, "ok");
    assert.deepEqual({ ...stream, openedMs: 0 }, { items: 3, bytes: client.body.length, openedMs: 0, ended: "complete" });
    assert.equal(facts?.responseBytes, client.body.length);
  });

  it("is sent as lines where the client asks for them", async () => {
    await using served = await serve([counted]);
    for (const type of ["application/x-ndjson", "application/jsonl"]) {
      const client = await StreamClient.open(served.port, "GET /counted?to=2", [`Accept: text/event-stream;q=0.5, ${type}`]);
      assert.equal(await client.end(), "complete");
      assert.match(client.head, new RegExp(`\r\ncontent-type: ${type}\r\n`, "i"));
      assert.equal(client.body, '{"n":1}\n{"n":2}\n');
      client.close();
    }
    const refused = await served.ask("GET", "/counted", { headers: { accept: "application/json, text/event-stream;q=0" } });
    assert.equal(refused.status, 406);
    assert.equal(refused.json.type, "urn:plimsoll:not_acceptable");
  });

  it("continues after the item that the client got last", async () => {
    await using served = await serve([counted]);
    const client = await StreamClient.open(served.port, "GET /counted", ["Last-Event-ID: 2"]);
    await client.end();
    assert.equal(client.body, events(3) + end);
    const refused = await served.ask("GET", "/counted", { headers: { "last-event-id": "a".repeat(257) } });
    assert.equal(refused.json.type, "urn:plimsoll:last_event_id_invalid");
  });

  it("ends a handler whose client leaves", async () => {
    const ended = gate<string>();
    const endless = action("t.endless", {
      ...{ ...common, stream: Item, idempotent: "no", http: "POST /endless" },
      async *run(_, { pause, signal }) {
        try {
          yield { n: 1 };
          await pause("1m");
        } finally {
          ended.open(`aborted: ${signal.aborted}`);
        }
      },
    });
    await using served = await serve([endless]);
    const client = await StreamClient.open(served.port, "POST /endless", ["Content-Length: 0"]);
    await client.until('data: {"n":1}');
    const executed = served.executed(endless);
    client.close();
    assert.equal(await ended.opened, "aborted: true");
    const { outcome, stream } = await executed;
    assert.deepEqual([outcome, stream?.ended, stream?.items], ["cancelled", "left", 1]);
    await served.idle();
  });

  it("is a problem document as long as there is no item", async () => {
    const Full = fault("full", { code: "failed_precondition", message: "It is full." });
    const failing = query("t.failing", {
      ...{ ...common, stream: Item, http: "GET /failing", faults: [Full] },
      // biome-ignore lint/correctness/useYield: it fails before.
      async *run(_, { fail }) {
        fail(Full, {});
      },
    });
    await using served = await serve([failing]);
    const response = await served.ask("GET", "/failing");
    assert.deepEqual([response.status, response.json.type], [400, "urn:plimsoll:full"]);
    assert.equal(response.headers["content-type"], "application/problem+json");
  });

  it("is cut after the problem where its handler fails", async () => {
    const Gone = fault("gone", { code: "not_found", message: "It is gone." });
    const failing = query("t.failing", {
      ...{ ...common, stream: Item, http: "GET /failing", faults: [Gone] },
      async *run(_, { fail }) {
        yield { n: 1 };
        fail(Gone, {});
      },
    });
    await using served = await serve([failing]);
    for (const accept of ["text/event-stream", "application/x-ndjson"]) {
      const executed = served.executed(failing);
      const client = await StreamClient.open(served.port, "GET /failing", [`Accept: ${accept}`]);
      assert.equal(await client.end(), "cut");
      const problem = JSON.parse(/(\{"type.*)\n/.exec(client.body)?.[1] ?? "");
      assert.deepEqual([problem.type, problem.status], ["urn:plimsoll:gone", 404]);
      if (accept === "text/event-stream") assert.match(client.body, /^data: \{"n":1\}\n\nevent: problem\ndata: /);
      const { outcome, stream } = await executed;
      assert.deepEqual([outcome, stream?.ended], ["not_found", "failed"]);
    }
  });

  it("is refused where an item does not match its schema, and its handler cleans up", async () => {
    const ended = gate();
    const wrong = query("t.wrong", {
      ...{ ...common, stream: Item, http: "GET /wrong" },
      async *run() {
        try {
          yield { n: 1 };
          yield { n: "two" as never };
        } finally {
          ended.open();
        }
      },
    });
    await using served = await serve([wrong], { development: false });
    const client = await StreamClient.open(served.port, "GET /wrong");
    assert.equal(await client.end(), "cut");
    assert.match(client.body, /event: problem\ndata: \{"type":"urn:plimsoll:internal"/);
    await ended.opened;
  });
});

describe("a stream of app.fetch", () => {
  const ask = (target: string, init?: RequestInit) => new Request(`http://t${target}`, init);

  it("is the body of the response", async () => {
    await using served = await serve([counted]);
    const response = await served.app.fetch(ask("/counted?to=2"));
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(await response.text(), events(1, 2) + end);
    const lines = await served.app.fetch(ask("/counted", { headers: { accept: "application/jsonl", "last-event-id": "2" } }));
    assert.equal(await lines.text(), '{"n":3}\n');
    assert.equal((await served.app.fetch(ask("/counted", { headers: { accept: "image/png" } }))).status, 406);
  });

  it("asks for one item at a time, and ends with its reader", async () => {
    const state = { yielded: 0 };
    const endless = query("t.endless", {
      ...{ ...common, stream: Item, http: "GET /endless" },
      async *run() {
        for (;;) yield { n: ++state.yielded };
      },
    });
    await using served = await serve([endless]);
    const response = await served.app.fetch(ask("/endless"));
    const reader = response.body?.getReader();
    for (let n = 1; n <= 3; n++) assert.equal(new TextDecoder().decode((await reader?.read())?.value), `data: {"n":${n}}\n\n`);
    assert.ok(state.yielded <= 5, `${state.yielded} items were asked for`);
    const executed = served.executed(endless);
    await reader?.cancel();
    assert.equal((await executed).stream?.ended, "left");
    await served.idle();
  });

  it("fails after the problem where its handler fails", async () => {
    const failing = query("t.failing", {
      ...{ ...common, stream: Item, http: "GET /failing" },
      async *run() {
        yield { n: 1 };
        throw new TypeError("broken");
      },
    });
    await using served = await serve([failing]);
    const response = await served.app.fetch(ask("/failing", { headers: { accept: "application/x-ndjson" } }));
    const reader = response.body?.getReader();
    const next = async () => new TextDecoder().decode((await reader?.read())?.value);
    assert.equal(await next(), '{"n":1}\n');
    assert.equal(JSON.parse(await next()).type, "urn:plimsoll:internal");
    await assert.rejects(next);
  });
});

describe("a stream inside the process", () => {
  it("is iterated, and ended by a caller who stops", async () => {
    await using served = await serve([counted]);
    const items: number[] = [];
    for await (const { n } of await served.app.stream(counted, { to: 5 })) items.push(n);
    assert.deepEqual(items, [1, 2, 3, 4, 5]);
    const executed = served.executed(counted);
    for await (const { n } of await served.app.stream(counted, { to: 500 })) if (n === 2) break;
    const { stream } = await executed;
    assert.equal(stream?.ended, "left");
    assert.ok((stream?.items ?? 0) <= 4, `${stream?.items} items`);
    await served.idle();
  });
});
