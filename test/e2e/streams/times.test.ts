import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { z } from "zod";
import { query } from "../../../src/operation/online/query.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { gate, type Served, serve } from "../http/app.ts";
import { StreamClient, streamsOf } from "./client.ts";

const Item = z.object({ n: z.int() });
const common = { input: z.object({}), access: "public", budget: "2s", http: "GET /items" } as const;
const lines = ["Accept: application/x-ndjson"];

/** Yields an item whenever it is let to. */
function stepping(stream: { readonly idle?: "10s"; readonly longest?: "1m" } = {}) {
  const steps: (() => void)[] = [];
  const waiting: (() => void)[] = [];
  const operation = query("t.items", {
    ...common,
    stream: { item: Item, heartbeat: "4s", ...stream },
    async *run(_, { signal, open }) {
      open();
      for (let n = 1; ; n++) {
        await new Promise<void>((resolve, reject) => {
          steps.push(resolve);
          waiting.shift()?.();
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
        yield { n };
      }
    },
  });
  /** Lets it yield one. */
  const step = async () => {
    if (steps.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    steps.shift()?.();
  };
  return { operation, step };
}

async function opened(served: Served): Promise<StreamClient> {
  const client = await StreamClient.open(served.port, "GET /items", lines);
  await client.opened();
  return client;
}

describe("the times of a stream", () => {
  it("are its deadline until the first item", async () => {
    const clock = new TestClock();
    const began = gate();
    const never = query("t.items", {
      ...{ ...common, stream: Item },
      async *run(_, { pause }) {
        began.open();
        await pause("1m");
        yield { n: 1 };
      },
    });
    await using served = await serve([never], { clock });
    const asked = served.ask("GET", "/items");
    await began.opened;
    clock.advance(2_100);
    const response = await asked;
    assert.deepEqual([response.status, response.json.code], [504, "deadline_exceeded"]);
  });

  it("hold its slots until it opens", async () => {
    const { operation } = stepping();
    const alone = { ...operation, spec: { ...operation.spec, budget: { deadline: "2s" as const, concurrency: 1, queue: 0 } } };
    await using served = await serve([alone], { limits: { concurrency: 1, queue: 0 } });
    const clients = [await opened(served), await opened(served), await opened(served)];
    assert.equal(streamsOf(served)?.now, 3);
    for (const client of clients) client.close();
    await served.idle();
    assert.equal(streamsOf(served)?.now, 0);
  });

  it("send signs of life between items, and no more than that", async () => {
    const clock = new TestClock();
    const { operation, step } = stepping();
    await using served = await serve([operation], { clock });
    const client = await opened(served);
    clock.advance(3_900);
    await step();
    await client.until('{"n":1}\n');
    clock.advance(3_900);
    clock.advance(200);
    await client.until('{"n":1}\n\n');
    clock.advance(4_100);
    await client.until('{"n":1}\n\n\n');
    assert.equal(client.body, '{"n":1}\n\n\n');
    client.close();
  });

  it("end it where its handler takes too long for an item", async () => {
    const clock = new TestClock();
    const { operation, step } = stepping({ idle: "10s" });
    await using served = await serve([operation], { clock });
    const executed = served.executed(operation);
    const client = await opened(served);
    clock.advance(9_000);
    await step();
    await client.until('{"n":1}');
    clock.advance(9_000);
    assert.equal(client.ended, undefined);
    clock.advance(1_100);
    assert.equal(await client.end(), "cut");
    assert.equal(JSON.parse(client.body.trim().split("\n").at(-1) ?? "").type, "urn:plimsoll:stream_idle");
    const { outcome, stream } = await executed;
    assert.deepEqual([outcome, stream?.ended, stream?.items], ["deadline_exceeded", "idle", 1]);
    await served.idle();
  });

  it("end it in time also where its client took an item late", async () => {
    const clock = new TestClock();
    const { operation, step } = stepping({ idle: "10s" });
    await using served = await serve([operation], { clock });
    const items = (await served.app.stream(operation, {}))[Symbol.asyncIterator]();
    await step();
    await setImmediate();
    clock.advance(9_000);
    assert.deepEqual(await items.next(), { done: false, value: { n: 1 } });
    await setImmediate();
    const ended = assert.rejects(items.next(), { type: "stream_idle" });
    clock.advance(10_100);
    await ended;
  });

  it("end it for now where it was open for as long as it may", async () => {
    const clock = new TestClock();
    const { operation, step } = stepping({ longest: "1m" });
    await using served = await serve([operation], { clock });
    const executed = served.executed(operation);
    const client = await StreamClient.open(served.port, "GET /items");
    await client.opened();
    await step();
    await client.until('data: {"n":1}');
    clock.advance(53_000);
    assert.equal(client.ended, undefined);
    clock.advance(7_100);
    assert.equal(await client.end(), "complete");
    const retryMs = Number(/\nretry: (\d+)\n\n$/.exec(client.body)?.[1]);
    assert.ok(retryMs >= 1_000 && retryMs <= 5_000, `${retryMs}`);
    const { outcome, stream } = await executed;
    assert.deepEqual([outcome, stream?.ended], ["ok", "longest"]);
    await served.idle();
  });

  it("leave nothing on the clock when it has ended", async () => {
    const clock = new TestClock();
    const pausing = query("t.items", {
      ...{ ...common, stream: Item },
      async *run(_, { pause }) {
        yield { n: 1 };
        await pause("1m");
      },
    });
    await using served = await serve([pausing], { clock });
    const client = await opened(served);
    await client.until('{"n":1}');
    const before = clock.pending;
    client.close();
    await served.idle();
    // The wheel keeps its one timer for one more tick.
    clock.advance(20);
    assert.equal(clock.pending, before - 1);
  });
});

describe("a stop of the app", () => {
  it("ends open streams at once, and tells their clients to come back", async () => {
    const { operation, step } = stepping();
    await using served = await serve([operation], { shutdown: "1m" });
    const events = await StreamClient.open(served.port, "GET /items");
    await events.opened();
    await step();
    await events.until("data: ");
    const asLines = await opened(served);
    const ended = served.executed(operation);
    await served.app.stop();
    assert.equal(await events.end(), "complete");
    assert.match(events.body, /\n\nretry: \d+\n\n$/);
    assert.equal(await asLines.end(), "complete");
    assert.equal(JSON.parse(asLines.body.trim().split("\n").at(-1) ?? "").type, "urn:plimsoll:shutting_down");
    assert.deepEqual([(await ended).outcome, (await ended).stream?.ended], ["ok", "stopping"]);
  });
});
