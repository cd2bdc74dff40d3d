import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { runtimeOf } from "../../src/app/app.ts";
import { action } from "../../src/operation/online/action.ts";
import { gate, type Served, serve } from "./http/app.ts";
import { requestText, Wire } from "./http/client.ts";

const common = { access: "public", idempotent: "no" } as const;
const quick = action("t.quick", {
  ...common,
  input: z.object({ n: z.int() }),
  output: z.object({ n: z.int() }),
  budget: "5s",
  http: "POST /quick",
  run: async ({ n }) => {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return { n };
  },
});

/** Sends one request after another until the server closes. Rejects where a request that was sent is not answered. */
async function sendAlong(port: number, counts: { answered: number; refused: number }): Promise<void> {
  for (let n = 0; ; ) {
    let wire: Wire;
    try {
      wire = await Wire.open(port);
    } catch {
      counts.refused++;
      return;
    }
    let ended = false;
    void wire.ended.then(() => {
      ended = true;
    });
    for (;;) {
      if (ended) break;
      const response = await wire.send(requestText("POST", "/quick", { body: { n } })).next();
      assert.ok(response !== undefined, `request ${n} got no answer`);
      assert.deepEqual([response.status, response.json], [200, { n }]);
      counts.answered++;
      n++;
      if (response.headers.connection === "close") break;
    }
    wire.close();
  }
}

const pollReady = async (served: Served): Promise<number> => (await fetch(`${served.app.urls.ops}/readyz`)).status;

describe("shutdown", () => {
  it("answers everything that clients send without a pause, and closes each connection after an answer", async () => {
    const served = await serve([quick]);
    const counts = { answered: 0, refused: 0 };
    const clients = Array.from({ length: 8 }, () => sendAlong(served.port, counts));
    while (counts.answered < 200) await new Promise<void>((resolve) => void setImmediate(resolve));
    await served.app.stop();
    await Promise.all(clients);
    assert.equal(counts.refused, 8, "every client was asked to go, and found the port closed");
    assert.equal(runtimeOf(served.app).inFlight, 0);
  });

  it("lets what runs finish, and what waits for a slot too", async () => {
    const released = gate();
    const begun = gate();
    const slow = action("t.slow", {
      ...common,
      input: z.object({}),
      output: z.object({ ok: z.boolean() }),
      budget: { deadline: "5s", concurrency: 1, queue: 5 },
      http: "POST /slow",
      run: async () => {
        begun.open();
        await released.opened;
        return { ok: true };
      },
    });
    const served = await serve([slow], { shutdown: "5s" });
    const all = [served.ask("POST", "/slow"), served.ask("POST", "/slow")];
    await begun.opened;
    while (runtimeOf(served.app).inFlight < 2) await new Promise<void>((resolve) => void setImmediate(resolve));
    const stopping = served.app.signals.stopping.next();
    const stopped = served.app.stop();
    await stopping;
    await assert.rejects(async () => {
      while (true) (await served.wire()).close();
    }, "it accepts no more");
    released.open();
    for (const response of await Promise.all(all)) {
      assert.deepEqual([response.status, response.headers.connection], [200, "close"]);
    }
    await stopped;
  });

  it("fails readiness before it stops accepting, and stays alive meanwhile", async () => {
    const released = gate();
    const begun = gate();
    const slow = action("t.slow", {
      ...common,
      input: z.object({}),
      output: z.object({}),
      budget: "5s",
      http: "POST /slow",
      run: async () => {
        begun.open();
        await released.opened;
        return {};
      },
    });
    const served = await serve([slow], { ops: { port: 0 }, shutdown: "5s" });
    assert.equal(await pollReady(served), 200);
    const running = served.ask("POST", "/slow");
    await begun.opened;
    let atSignal: { ready: boolean } | undefined;
    served.app.signals.stopping.on(() => {
      atSignal = { ready: served.app.ready };
    });
    const stopped = served.app.stop();
    assert.deepEqual(atSignal, { ready: false }, "what hears of it finds it unready");
    assert.equal(await pollReady(served), 503);
    assert.equal((await fetch(`${served.app.urls.ops}/livez`)).status, 200);
    released.open();
    assert.equal((await running).status, 204);
    await stopped;
    await assert.rejects(fetch(`${served.app.urls.ops}/livez`));
  });

  it("lets an answer be taken to its end that is larger than what the socket holds", async () => {
    const size = 8_000_000;
    const large = action("t.large", {
      ...common,
      input: z.object({}),
      output: z.object({ text: z.string() }),
      budget: "60s",
      http: "POST /large",
      run: async () => ({ text: "a".repeat(size) }),
    });
    const served = await serve([large], { shutdown: "60s" });
    const wire = await served.wire();
    wire.socket.pause();
    const executed = served.executed(large);
    wire.send(requestText("POST", "/large"));
    await executed;
    const stopped = served.app.stop();
    // Later than the idle connections are closed.
    await new Promise<void>((resolve) => void setTimeout(resolve, 200));
    wire.socket.resume();
    assert.equal((await wire.next())?.json.text.length, size);
    await stopped;
    wire.close();
  });

  it("takes a request whose head had begun to arrive", async () => {
    const served = await serve([quick], { shutdown: "5s" });
    const wire = await served.wire();
    const request = requestText("POST", "/quick", { body: { n: 1 } });
    wire.send(request.subarray(0, 20));
    const second = await served.wire();
    assert.equal((await second.ask(requestText("POST", "/quick", { body: { n: 2 } }).toString())).status, 200);
    const stopped = served.app.stop();
    await second.ended;
    wire.send(request.subarray(20));
    const response = await wire.next();
    assert.deepEqual([response?.status, response?.headers.connection], [200, "close"]);
    await stopped;
    wire.close();
    second.close();
  });

  it("answers what was on its way over an idle connection", async () => {
    const served = await serve([quick], { shutdown: "5s" });
    const wire = await served.wire();
    assert.equal((await wire.ask(requestText("POST", "/quick", { body: { n: 1 } }).toString())).status, 200);
    const stopped = served.app.stop();
    for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
    wire.send(requestText("POST", "/quick", { body: { n: 2 } }));
    const response = await wire.next();
    assert.deepEqual([response?.status, response?.json, response?.headers.connection], [200, { n: 2 }, "close"]);
    assert.equal(await wire.ended, "end");
    await stopped;
    wire.close();
  });

  it("answers every request that was pipelined before it began to stop", async () => {
    const released = gate();
    const slow = action("t.slow", {
      ...common,
      input: z.object({ n: z.int() }),
      output: z.object({ n: z.int() }),
      budget: "5s",
      http: "POST /slow",
      run: async ({ n }) => {
        await released.opened;
        return { n };
      },
    });
    const served = await serve([slow], { shutdown: "5s" });
    const wire = await served.wire();
    wire.send(Buffer.concat([1, 2, 3].map((n) => requestText("POST", "/slow", { body: { n } }))));
    while (runtimeOf(served.app).inFlight < 3) await new Promise<void>((resolve) => void setImmediate(resolve));
    const stopped = served.app.stop();
    released.open();
    for (const n of [1, 2, 3]) assert.deepEqual((await wire.next())?.json, { n });
    assert.equal(await wire.ended, "end");
    await stopped;
    wire.close();
  });

  it("stops within its bound though a handler hangs and a client holds on", async () => {
    const begun = gate();
    const hangs = action("t.hangs", {
      ...common,
      input: z.object({}),
      output: z.object({}),
      budget: "10m",
      http: "POST /hangs",
      run: () => {
        begun.open();
        return new Promise<never>(() => {});
      },
    });
    const served = await serve([hangs], { shutdown: "300ms" });
    const slowloris = await served.wire();
    slowloris.send("POST /hangs HTTP/1.1\r\nhost:");
    const running = served.ask("POST", "/hangs");
    await begun.opened;
    const since = performance.now();
    await served.app.stop();
    assert.ok(performance.now() - since < 60_000, `${performance.now() - since} ms`);
    const { status, json } = await running;
    assert.deepEqual([status, json.type], [503, "urn:plimsoll:shutting_down"]);
    await slowloris.ended;
    assert.equal(runtimeOf(served.app).inFlight, 0);
    slowloris.close();
  });

  it("stops once however often it is asked, and before it started", async () => {
    const served = await serve([quick]);
    await Promise.all([served.app.stop(), served.app.stop()]);
    await served.app.stop();
    await assert.rejects(served.ask("POST", "/quick"));
  });
});
