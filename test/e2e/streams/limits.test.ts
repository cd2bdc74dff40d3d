import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { query } from "../../../src/operation/online/query.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { gate, serve } from "../http/app.ts";
import { StreamClient, streamsOf } from "./client.ts";

const Item = z.object({ text: z.string() });
const common = { input: z.object({}), access: "public", budget: "2s", http: "GET /items" } as const;

const open = query("t.items", {
  ...{ ...common, stream: Item },
  async *run(_, { pause }) {
    yield { text: "first" };
    await pause("4m");
  },
});

/** Yields items of 64 KiB without end, and counts them. */
function flood() {
  const state = { yielded: 0 };
  const operation = query("t.items", {
    ...{ ...common, stream: Item },
    async *run() {
      for (;;) {
        state.yielded++;
        yield { text: "x".repeat(65_536) };
      }
    },
  });
  return { operation, state };
}

async function opened(port: number): Promise<StreamClient> {
  const client = await StreamClient.open(port, "GET /items");
  await client.until("first");
  return client;
}

describe("the number of streams", () => {
  it("is limited for a caller", async () => {
    await using served = await serve([open], { limits: { streamsPerCaller: 2 } });
    const clients = [await opened(served.port), await opened(served.port)];
    const refused = await served.ask("GET", "/items");
    assert.deepEqual([refused.status, refused.json.type], [429, "urn:plimsoll:too_many_streams"]);
    assert.deepEqual(refused.json.details, { limit: "streams per caller", value: 2, load: 2 });
    for (const client of clients) client.close();
    await served.idle();
    (await opened(served.port)).close();
  });

  it("is limited for a process, and a place is free once a stream has ended", async () => {
    await using served = await serve([open], { limits: { streams: 1 } });
    const first = await opened(served.port);
    const refused = await served.ask("GET", "/items");
    assert.deepEqual([refused.status, refused.json.details.limit], [503, "streams"]);
    first.close();
    await served.idle();
    (await opened(served.port)).close();
  });

  it("is only measured where the mode says so", async () => {
    await using served = await serve([open], { limits: { streams: 1 } });
    served.app.loadLines.setMode("streams", "measure", "a test");
    const clients = [await opened(served.port), await opened(served.port)];
    assert.equal(streamsOf(served)?.wouldRefuse.full, 1);
    for (const client of clients) client.close();
    await served.idle();
  });
});

describe("a client that does not read", () => {
  it("is asked for no further item, and goes on when it reads", async () => {
    const { operation, state } = flood();
    await using served = await serve([operation]);
    const client = await StreamClient.open(served.port, "GET /items");
    await client.until("x");
    client.socket.pause();
    const still = await settled(state);
    assert.ok(still < 500, `${still} items of 64 KiB were asked for`);
    client.socket.resume();
    while (state.yielded <= still) await new Promise((resolve) => client.socket.once("data", resolve));
    client.close();
    await served.idle();
  });

  it("is disconnected after a while", async () => {
    const clock = new TestClock();
    const { operation, state } = flood();
    await using served = await serve([operation], { clock });
    const executed = served.executed(operation);
    const client = await StreamClient.open(served.port, "GET /items");
    await client.until("x");
    client.socket.pause();
    await settled(state);
    clock.advance(15_100);
    const { outcome, stream } = await executed;
    assert.deepEqual([outcome, stream?.ended], ["cancelled", "unread"]);
    client.close();
    await served.idle();
  });
});

/** Waits until the handler is asked for nothing any more: the sockets of both sides are full. */
async function settled(state: { readonly yielded: number }): Promise<number> {
  for (let quiet = 0, last = state.yielded; quiet < 200; last = state.yielded) {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    quiet = state.yielded === last ? quiet + 1 : 0;
  }
  return state.yielded;
}

describe("a handler that does not end", () => {
  it("keeps its place until it has", async () => {
    const released = gate();
    const began = gate();
    const stubborn = query("t.items", {
      ...{ ...common, stream: Item },
      async *run() {
        yield { text: "first" };
        began.open();
        await released.opened;
      },
    });
    await using served = await serve([stubborn], { limits: { streams: 1 } });
    const client = await opened(served.port);
    await began.opened;
    const executed = served.executed(stubborn);
    client.close();
    await executed;
    assert.equal(streamsOf(served)?.now, 1);
    released.open();
    await served.idle();
    assert.equal(streamsOf(served)?.now, 0);
  });
});
