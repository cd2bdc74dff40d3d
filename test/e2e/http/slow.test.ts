import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { action } from "../../../src/operation/online/action.ts";
import { gate, type Served, serve } from "./app.ts";
import { requestText, type Wire } from "./client.ts";

const common = { output: z.object({ text: z.string() }), access: "public", budget: "60s", idempotent: "no" } as const;
const long = action("t.long", { ...common, input: z.object({}), http: "DELETE /long", run: async () => ({ text: "x".repeat(200_000) }) });
const echo = action("t.echo", { ...common, input: z.object({ text: z.string() }), http: "POST /echo", run: async (input) => input });
const post = requestText("POST", "/echo", { body: { text: "a" } });

/** Longer than any of these takes: what has not happened by then does not happen. */
const never = 8_000;

/** Open sockets of this process: of each connection both ends, until the one or the other is closed. */
const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

/** Whether a connection is closed at the server's end while the client does nothing. */
async function closedByServer(open: number): Promise<boolean> {
  const until = performance.now() + never;
  while (sockets() >= open && performance.now() < until) await pause(20);
  return sockets() < open;
}

function served(limits: Record<string, number>): Promise<Served> {
  return serve([long, echo], { http: { limits: { keepAliveMs: 60_000, sendStallMs: 400, ...limits } } });
}

describe("clients that do not go on", () => {
  it("cuts off a client that takes nothing of its replies", async () => {
    await using app = await served({});
    const wire = await app.wire();
    const open = sockets();
    wire.socket.pause();
    wire.send(Buffer.concat(Array.from({ length: 30 }, () => requestText("DELETE", "/long"))));
    assert.ok(await closedByServer(open), "cut off");
    wire.close();
  });

  it("cuts off a client that takes nothing of the reply that closes", async () => {
    await using app = await served({});
    const wire = await app.wire();
    const open = sockets();
    wire.socket.pause();
    const last = requestText("DELETE", "/long", { headers: { connection: "close" } });
    wire.send(Buffer.concat([...Array.from({ length: 29 }, () => requestText("DELETE", "/long")), last]));
    assert.ok(await closedByServer(open), "cut off");
    wire.close();
  });

  it("closes for good when a client that was refused does not close its side", async () => {
    await using app = await served({});
    const wire = await app.wire();
    const open = sockets();
    wire.send("THIS IS NO HTTP\r\n\r\n");
    assert.equal((await wire.next())?.status, 400);
    assert.equal(await wire.ended, "end");
    assert.ok(await closedByServer(open), "closed");
    wire.close();
  });

  it("makes no stack for each of the hundreds of requests that a closed connection leaves behind", async () => {
    await using app = await served({});
    const { prepareStackTrace, stackTraceLimit } = Error;
    let stacks = 0;
    Error.prepareStackTrace = (error) => {
      if (error.message === "aborted") stacks++;
      return String(error);
    };
    try {
      const wire = await app.wire();
      const open = sockets();
      wire.socket.pause();
      wire.send(Buffer.concat(Array.from({ length: 500 }, () => requestText("DELETE", "/long"))));
      assert.ok(await closedByServer(open), "cut off");
      wire.close();
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
    assert.deepEqual([stacks, Error.stackTraceLimit], [0, stackTraceLimit]);
    assert.equal((await app.ask("POST", "/echo", { body: { text: "a" } })).status, 200);
  });

  it("answers a client that takes its replies slowly, but takes them (as before)", async () => {
    await using app = await served({ sendStallMs: 2_000 });
    const wire = await app.wire();
    wire.send(Buffer.concat(Array.from({ length: 30 }, () => requestText("DELETE", "/long"))));
    let taken = 0;
    for (; taken < 30; taken++) {
      wire.socket.pause();
      await pause(20);
      wire.socket.resume();
      if ((await wire.next())?.status !== 200) break;
    }
    assert.equal(taken, 30);
    wire.close();
  });

  it("does not close an idle connection before the time that it promises", async () => {
    await using app = await served({ keepAliveMs: 800 });
    const idle: number[] = [];
    const one = async (): Promise<void> => {
      const wire = await app.wire();
      // From before the request: on a busy machine the client sees the response some time after the server has sent it.
      const since = performance.now();
      assert.equal((await wire.ask(post.toString())).status, 200);
      await wire.ended;
      idle.push(performance.now() - since);
      wire.close();
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => pause(i * 12).then(one)));
    assert.ok(Math.min(...idle) >= 795, `the first was closed after ${Math.min(...idle)} ms`);
  });

  it("does not count a connection as idle on which unknown paths are asked for", async () => {
    await using app = await served({ keepAliveMs: 2_000 });
    const wire = await app.wire();
    let answers = 0;
    for (let i = 0; i < 10; i++) {
      wire.send(requestText("GET", "/nowhere"));
      if ((await wire.next()) === undefined) break;
      answers++;
      await pause(250);
    }
    assert.equal(answers, 10);
    wire.close();
  });
});

describe("room for connections", () => {
  it("is made by the address that has the most of them, where it leaves them idle", async () => {
    await using app = await served({ connections: 8 });
    const polite = await app.wire("127.0.0.2");
    assert.equal((await polite.ask(post.toString())).status, 200);
    const many: Wire[] = [];
    for (let i = 0; i < 20; i++) many.push(await app.wire("127.0.0.3"));
    const another = await app.wire("127.0.0.4");
    another.send(post);
    assert.equal((await another.next())?.status, 200, "one that comes later is served");
    polite.send(post);
    assert.equal((await polite.next())?.status, 200, "one that was there before is served");
    for (const wire of [polite, another, ...many]) wire.close();
  });

  it("is never made by a connection that is at work (as before)", async () => {
    const opened = gate();
    const waits = action("t.waits", {
      ...common,
      input: z.object({}),
      http: "DELETE /waits",
      run: async () => {
        await opened.opened;
        return { text: "done" };
      },
    });
    await using app = await serve([waits, echo], { http: { limits: { connections: 3 } } });
    const busy = await Promise.all([app.wire("127.0.0.3"), app.wire("127.0.0.3"), app.wire("127.0.0.3")]);
    for (const wire of busy) wire.send(requestText("DELETE", "/waits"));
    while (runtimeOf(app.app).inFlight < 3) await new Promise<void>((resolve) => void setImmediate(resolve));
    const late = await app.wire("127.0.0.4");
    late.send(post);
    assert.equal(await late.next(), undefined, "there is no room");
    opened.open();
    for (const wire of busy) assert.equal((await wire.next())?.status, 200);
    for (const wire of busy) wire.close();
  });
});

describe("requests that wait for their answers", () => {
  it("are bounded on one connection: what comes behind them is not begun, and the connection ends", async () => {
    let begun = 0;
    const opened = gate();
    const waits = action("t.waits", {
      ...common,
      input: z.object({}),
      http: "DELETE /waits",
      run: async () => {
        begun++;
        await opened.opened;
        return { text: "done" };
      },
    });
    await using app = await serve([waits], { http: { limits: { pipelinedRequests: 4 } as Record<string, number> } });
    const wire = await app.wire();
    wire.send(Buffer.concat(Array.from({ length: 7 }, () => requestText("DELETE", "/waits"))));
    while (begun < 4) await new Promise<void>((resolve) => void setImmediate(resolve));
    opened.open();
    const answers: string[] = [];
    for (let answer = await wire.next(); answer !== undefined; answer = await wire.next()) {
      answers.push(`${answer.status} ${answer.headers.connection}`);
      if (answers.length === 7) break;
    }
    assert.deepEqual(answers, ["200 keep-alive", "200 keep-alive", "200 keep-alive", "200 close"]);
    assert.equal(begun, 4);
    wire.close();
  });
});
