// What a stream does on its way between two processes: flow, messages of the client, places, traces, releases.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type App, createApp, module, query } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";
import type { Execution } from "../../../../src/operation/execution.ts";
import type { RemoteOptions } from "../../../../src/remote/remote.ts";
import { MemoryDatabase } from "../../../../src/testing/conformance/memory-database.ts";
import { startCallee, startCaller } from "../two-apps.ts";
import { feedOf } from "./operations.ts";

const specOf = () => ({ limits: { streamsPerCaller: 1_000 }, surfaces: [http({ port: 0, host: "127.0.0.1" })] });

async function twoApps(options: Partial<RemoteOptions> = {}) {
  const feed = feedOf();
  const database = new MemoryDatabase();
  const callee = await startCallee([feed.feed], { database: { open: () => database }, limits: specOf().limits });
  const caller = await startCaller({ module: feed.feed, url: callee.url, ...options }, specOf());
  return {
    ...{ feed, operations: feed.operations, callee, caller },
    async [Symbol.asyncDispose]() {
      feed.release();
      await caller.stop();
      await callee.stop();
    },
  };
}

/** Until a number is the same twice: what makes it waits. */
async function settled(count: () => number): Promise<number> {
  for (let before = -1; ; await pause(200)) {
    if (count() === before) return before;
    before = count();
  }
}

describe("a stream of a remote module", () => {
  it("is made no faster than its client reads, and loses nothing", async () => {
    await using apps = await twoApps();
    const items = (await apps.caller.stream(apps.operations.large, { to: 1_000 }))[Symbol.asyncIterator]();
    assert.equal(((await items.next()).value as { at: number }).at, 1);
    const made = await settled(() => apps.feed.yielded.count);
    // Of 10 KB each: a window of HTTP/2, what Node.js holds of it, and one on each side.
    assert(made < 40, `${made} items were made for a client that read one`);
    for (let at = 2; at <= 1_000; at++) assert.equal(((await items.next()).value as { at: number }).at, at);
    assert.equal((await items.next()).done, true);
  });

  it("opens when it has opened there, with no item yet", async () => {
    await using apps = await twoApps();
    const response = await apps.caller.fetch(new Request("http://test/quiet?to=1"), { address: "192.0.2.1" });
    assert.equal(response.status, 200);
    apps.feed.release();
    assert.match(await response.text(), /"at":1/);
  });

  it("is one trace with its request, and the time it waits for items is that of its upstream", async () => {
    await using apps = await twoApps();
    const [here, there]: Promise<Execution>[] = [apps.caller.signals.executed.next(), apps.callee.signals.executed.next()];
    for await (const _ of await apps.caller.stream(apps.operations.count, { to: 3 }));
    const [own, its] = [await here!, await there!];
    const waiting = apps.caller.signals.executed.next();
    const quiet = (await apps.caller.stream(apps.operations.quiet, { to: 1 }))[Symbol.asyncIterator]();
    const item = quiet.next();
    await pause(120);
    apps.feed.release();
    await item;
    await quiet.next();
    const { upstreamMs: waited = {} } = await waiting;
    assert((waited["feed"] ?? 0) >= 100, `it waited ${waited["feed"]} ms for its upstream`);
    const span = own.spans?.find(({ kind }) => kind === "client");
    assert.deepEqual([its.traceId, its.parentSpanId, its.requestId], [own.traceId, span?.spanId, own.requestId]);
    assert.equal(span?.name, "feed.Feed/Count");
    assert.deepEqual(Object.keys(own.upstreamMs ?? {}), ["feed"]);
    assert.deepEqual([own.stream?.items, its.stream?.items], [3, 3]);
  });

  it("takes no place of calls: with more streams than a connection carries, calls are made at once", async () => {
    await using apps = await twoApps();
    const open = await Promise.all(
      Array.from({ length: 130 }, async () => {
        const items = (await apps.caller.stream(apps.operations.wait, { to: 1 }))[Symbol.asyncIterator]();
        await items.next();
        return items;
      }),
    );
    assert.deepEqual(await apps.caller.call(apps.operations.look, { to: 1 }, { remainingMs: 20_000 }), { pid: process.pid });
    for (const items of open) await items.return?.();
  });

  it("is refused where too many are open, and its place is free again when it has ended", async () => {
    await using apps = await twoApps({ streams: 1 });
    const first = (await apps.caller.stream(apps.operations.wait, { to: 1 }))[Symbol.asyncIterator]();
    await first.next();
    const refused = { type: "overloaded", details: { limit: "remote feed streams", value: 1, load: 1 } };
    await assert.rejects(async () => apps.caller.stream(apps.operations.count, { to: 1 }), refused);
    const ended = apps.callee.signals.executed.next();
    await first.return?.();
    await ended;
    const items: unknown[] = [];
    for await (const item of await apps.caller.stream(apps.operations.count, { to: 2 })) items.push(item);
    assert.deepEqual(items, [{ at: 1 }, { at: 2 }]);
  });
});

/** What a client of a WebSocket gets that sends these messages. */
async function talk(app: App, messages: readonly unknown[]): Promise<readonly unknown[]> {
  const socket = new WebSocket(`${app.urls.surfaces[0]!.replace("http", "ws")}/add?from=10`);
  const got: unknown[] = [];
  await once(socket, "open");
  for (const message of messages) {
    socket.send(JSON.stringify(message));
    const [event] = (await Promise.race([once(socket, "message"), once(socket, "close")])) as [MessageEvent | CloseEvent];
    got.push("data" in event ? JSON.parse(String(event.data)) : [event.code, event.reason]);
  }
  const closed = once(socket, "close");
  if (socket.readyState === WebSocket.OPEN) {
    socket.close();
    await closed;
  }
  return got;
}

describe("messages of a client of a remote stream", () => {
  it("reach the handler in their order, parsed once, as in one process", async () => {
    const feed = feedOf();
    const alone = createApp({ modules: [feed.feed], database: { open: () => new MemoryDatabase() }, ...specOf(), development: false });
    await alone.start({ keepsProcess: false });
    await using apps = await twoApps();
    try {
      for (const messages of [[{ add: "1" }, { add: "5" }, { add: "-3" }], [{ add: 7 }], [{ add: "1" }, "none"]]) {
        const one = await talk(alone, messages);
        assert.deepEqual(await talk(apps.caller, messages), one);
      }
      assert.deepEqual(await talk(apps.caller, [{ add: "1" }, { add: "5" }]), [{ sum: 11 }, { sum: 16 }]);
    } finally {
      await alone.stop();
    }
  });
});

describe("a stream of another release", () => {
  const common = { input: z.object({ to: z.int() }), access: "public", budget: "5s" } as const;
  const ours = query("feed.count", {
    ...{ ...common, stream: z.object({ at: z.int() }) },
    async *run() {
      yield { at: 0 };
    },
  });

  it("is read where its items have a field more", async () => {
    const theirs = query("feed.count", {
      ...{ ...common, stream: z.object({ label: z.string(), at: z.int() }) },
      async *run({ to }) {
        for (let at = 1; at <= to; at++) yield { label: "one", at };
      },
    });
    const database = new MemoryDatabase();
    const callee = await startCallee([module("feed", { operations: [theirs] })], { database: { open: () => database } });
    const caller = await startCaller({ module: module("feed", { operations: [ours] }), url: callee.url });
    try {
      const items: unknown[] = [];
      for await (const item of await caller.stream(ours, { to: 2 })) items.push(item);
      assert.deepEqual(items, [{ at: 1 }, { at: 2 }]);
    } finally {
      await caller.stop();
      await callee.stop();
    }
  });

  it("is refused where it returns one output there, and nothing is read", async () => {
    const theirs = query("feed.count", { ...common, output: z.object({ at: z.int() }), run: async ({ to }) => ({ at: to }) });
    const database = new MemoryDatabase();
    const callee = await startCallee([module("feed", { operations: [theirs] })], { database: { open: () => database } });
    const caller = await startCaller({ module: module("feed", { operations: [ours] }), url: callee.url, retries: 0 });
    try {
      const fields = ["output is many here and one there"];
      await assert.rejects(async () => caller.stream(ours, { to: 2 }), {
        type: "contract_differs",
        details: { operation: "feed.count", fields },
      });
    } finally {
      await caller.stop();
      await callee.stop();
    }
  });
});
