// How a WebSocket ends without a message that is wrong, who is counted for it, and what is said of it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { z } from "zod";
import { runtimeOf } from "../../../src/app/app.ts";
import { action } from "../../../src/operation/online/action.ts";
import { openApiDocument } from "../../../src/surface/openapi.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { type Served, type ServeSpec, serve } from "../http/app.ts";

const Said = z.object({ text: z.string() });
const listens = action("t.listens", {
  ...{ input: z.object({}), access: "public", idempotent: "no", budget: "2s", http: "GET /listens" },
  stream: { item: Said, idle: "1m", longest: "2m", heartbeat: "10s" },
  receives: Said,
  async *run(_, { incoming }) {
    for await (const said of incoming) yield said;
  },
});
const open = (spec: ServeSpec = {}) => serve([listens], spec);
const socketOf = (served: Served, headers: Record<string, string> = {}) =>
  new WebSocket(`ws://127.0.0.1:${served.port}/listens`, [], { headers });

/** Brings the time forward in steps, so that each thing that is due then is done in its turn. */
async function pass(clock: TestClock, ms: number): Promise<void> {
  for (let past = 0; past < ms; past += 1_000) await clock.advanceAsync(1_000);
}

describe("a WebSocket ends", () => {
  it("where its client is silent and does not reply to a ping", async () => {
    const clock = new TestClock();
    await using served = await open({ clock });
    const wire = await served.wire();
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    wire.send(
      `GET /listens HTTP/1.1\r\nhost: t\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-key: ${key}\r\nsec-websocket-version: 13\r\n\r\n`,
    );
    await once(wire.socket, "data");
    const executed = served.executed(listens);
    const pinged = once(wire.socket, "data");
    await pass(clock, 11_000);
    assert.equal(((await pinged)[0] as Buffer)[0], 0x89, "a ping");
    await pass(clock, 11_000);
    const { stream } = await executed;
    assert.equal(stream?.ended, "left");
    wire.close();
    await served.idle();
  });

  it("not where its client replies to pings", async () => {
    const clock = new TestClock();
    await using served = await open({ clock });
    const socket = socketOf(served);
    await once(socket, "open");
    for (let beat = 0; beat < 4; beat++) {
      const pinged = once(socket, "ping");
      await pass(clock, 10_000);
      await pinged;
      // The pong has arrived when what came after it has.
      socket.send('{"text":"here"}');
      await once(socket, "message");
    }
    assert.equal(socket.readyState, WebSocket.OPEN);
    socket.close();
    await once(socket, "close");
  });

  for (const [what, ms, talks, reason] of [
    ["idle, without a message or an item", 62_000, false, /^urn:plimsoll:stream_idle$/],
    ["longest, whatever comes", 121_000, true, /^retry-after-ms=\d+$/],
  ] as const)
    it(`with 1001 after ${what}`, async () => {
      const clock = new TestClock();
      await using served = await open({ clock });
      const socket = socketOf(served);
      await once(socket, "open");
      const closed = once(socket, "close");
      const over = { is: false };
      void closed.then(() => {
        over.is = true;
      });
      for (let past = 0; past < ms && !over.is; past += 5_000) {
        await pass(clock, 5_000);
        if (!talks || over.is) continue;
        socket.send('{"text":"here"}');
        await Promise.race([once(socket, "message"), closed]);
      }
      const [code, text] = await closed;
      assert.equal(code, 1001);
      assert.match(String(text), reason);
    });
});

describe("a WebSocket is counted", () => {
  it("as a stream and as a connection", async () => {
    await using served = await open();
    const lines = served.app.loadLines;
    const socket = socketOf(served);
    await once(socket, "open");
    assert.deepEqual([lines.find("streams")?.now(), lines.find("connections")?.now()], [1, 1]);
    assert.equal(lines.find("streams per caller")?.highWater, 1);
    socket.close();
    await once(socket, "close");
    await served.idle();
    while (lines.find("connections")?.now() !== 0) await new Promise(setImmediate);
    assert.equal(lines.find("streams")?.now(), 0);
  });

  it("by the address that a trusted proxy names", async () => {
    await using served = await open({
      limits: { streamsPerCaller: 1 },
      http: { trustProxy: { from: ["127.0.0.0/8"], header: "x-forwarded-for" } },
    });
    const from = (address: string) => socketOf(served, { "x-forwarded-for": address });
    const [one, other] = [from("192.0.2.1"), from("192.0.2.2")];
    await Promise.all([once(one, "open"), once(other, "open")]);
    const refused = from("192.0.2.1");
    const [, response] = await once(refused, "unexpected-response");
    assert.equal((response as { readonly statusCode: number }).statusCode, 429);
    refused.on("error", () => undefined);
    refused.terminate();
    for (const socket of [one, other]) {
      socket.close();
      await once(socket, "close");
    }
  });
});

describe("what is said of a WebSocket", () => {
  it("in the OpenAPI document: the handshake, the messages both ways, and its refusals", async () => {
    await using served = await open();
    const { paths } = openApiDocument({
      operations: runtimeOf(served.app).registry.operations.values(),
      service: { name: "t", version: "1" },
    }) as {
      readonly paths: Record<string, Record<string, { readonly responses: Record<string, unknown> }>>;
    };
    const { responses } = paths["/listens"]?.get ?? {};
    assert.ok(responses?.["101"], "switching protocols");
    assert.ok(responses?.["426"]);
  });

  it("where the package ws is missing: the app does not start, and the message says what to install", () => {
    const program = `
      import { registerHooks } from "node:module";
      registerHooks({
        resolve: (specifier, context, next) => {
          if (specifier === "ws") throw Object.assign(new Error("Cannot find package 'ws'"), { code: "ERR_MODULE_NOT_FOUND" });
          return next(specifier, context);
        },
      });
      const { action, createApp, module } = await import("plimsoll");
      const { http } = await import("plimsoll/http");
      const { z } = await import("zod");
      const chat = action("t.chat", {
        input: z.object({}), access: "public", idempotent: "no", budget: "2s", http: "GET /chat",
        stream: z.object({}), receives: z.object({}), async *run() {},
      });
      const start = async (operations) => {
        const app = createApp({ modules: [module("t", { operations })], surfaces: [http({ port: 0, host: "127.0.0.1" })] });
        await app.start();
        await app.stop();
        return "started";
      };
      console.log(await start([]));
      console.log(await start([chat]).catch(({ type, message }) => type + ": " + message));`;
    const args = ["--conditions=source", "--input-type=module", "--eval", program];
    const [without, needing = ""] = execFileSync(process.execPath, args, {
      encoding: "utf8",
      cwd: new URL("../../..", import.meta.url),
    }).split("\n");
    assert.equal(without, "started");
    assert.match(needing, /^ws_not_installed: .*Run: npm install ws$/);
  });
});
