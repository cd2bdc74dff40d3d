// What clients of HTTP/2 can do to a server, and what bounds it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { z } from "zod";
import { limits } from "../../../src/core/limits.ts";
import type { HttpLimits } from "../../../src/http/http.ts";
import { action } from "../../../src/operation/online/action.ts";
import { gate, serve } from "../http/app.ts";
import { requestText } from "../http/client.ts";
import { secureWire, server } from "../tls/secure.ts";
import { H2Client } from "./client.ts";
import { block, FrameWire, fieldsOf, flags, frame, frameTypes, setting, uint32 } from "./frames.ts";
import { database, operations } from "./operations.ts";

const enhanceYourCalm = 11;
const json = [["content-type", "application/json"]] as const;
const open = (own: Partial<HttpLimits> = {}, more = operations) =>
  serve(more, { database, http: { tls: { cert: server.cert, key: server.key, http2: true }, limits: own } });
const head = (id: number, fields: ReturnType<typeof fieldsOf>, ends = true) =>
  frame([frameTypes.headers, flags.endHeaders | (ends ? flags.endStream : 0), id], block(fields));
const get = (id: number, path = "/nothing") => head(id, fieldsOf("GET", path));
const reset = (id: number) => frame([frameTypes.reset, 0, id], uint32(8));

/** Sends the same again and again, until the connection ends. */
async function floods(wire: FrameWire, make: (round: number) => Buffer): Promise<number | undefined> {
  const code = wire.goaway();
  let isOver = false;
  void wire.closed.then(() => {
    isOver = true;
  });
  for (let round = 0; !isOver && round < 5_000; round++) {
    await wire.give(make(round));
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return code;
}

describe("floods on a connection of HTTP/2 end it", () => {
  const repeat = (count: number, make: (at: number) => Uint8Array) => Buffer.concat(Array.from({ length: count }, (_, at) => make(at)));
  const cases: readonly (readonly [name: string, make: (round: number) => Buffer])[] = [
    [
      "streams that are reset at once",
      (round) => repeat(50, (at) => Buffer.concat([get(round * 100 + at * 2 + 1), reset(round * 100 + at * 2 + 1)])),
    ],
    ["PING", () => repeat(100, () => frame([frameTypes.ping, 0, 0], "12345678"))],
    ["SETTINGS", () => repeat(100, () => frame([frameTypes.settings, 0, 0], setting(4, 65_535)))],
    [
      "updates of the window by a byte",
      (round) =>
        round === 0 ? head(1, fieldsOf("POST", "/echo", json), false) : repeat(2_000, () => frame([frameTypes.window, 0, 0], uint32(1))),
    ],
    [
      "empty DATA",
      (round) => (round === 0 ? head(1, fieldsOf("POST", "/echo", json), false) : repeat(50, () => frame([frameTypes.data, 0, 1]))),
    ],
    ["PRIORITY", () => repeat(2_000, (at) => frame([frameTypes.priority, 0, at * 2 + 1], Buffer.of(0, 0, 0, 0, 1)))],
    ["frames of an unknown type", () => repeat(2_000, () => frame([200, 0, 0], "1234"))],
  ];
  for (const [name, make] of cases)
    it(name, async () => {
      // Lower than the bound that node:http2 has on resets.
      await using served = await open({ controlFramesPerSecond: 5 });
      using wire = await FrameWire.open(served.port);
      const code = await floods(wire, make);
      await wire.closed;
      assert.ok(code === undefined || [enhanceYourCalm, 1, 2].includes(code), `${code}`);
      // Of some, node:http2 has a bound of its own, which is met first.
      const { refused = 0 } = served.app.loadLines.find("HTTP/2 control frames")?.refusals[0] ?? {};
      assert.equal(refused > 0, !["empty DATA", "PRIORITY", "frames of an unknown type"].includes(name));
      await using client = await H2Client.open(served.port);
      assert.equal((await client.ask("POST", "/echo", { body: { text: "others are served" } })).status, 200);
    });

  it("CONTINUATION without an end", async () => {
    await using served = await open();
    using wire = await FrameWire.open(served.port);
    wire.send(frame([frameTypes.headers, flags.endStream, 1], block(fieldsOf("GET", "/file"))));
    await floods(wire, () => frame([frameTypes.continuation, 0, 1], block([["x-a", "1"]])));
    await wire.closed;
  });

  it("which is counted, and only counted while the limit is measured", async () => {
    await using served = await open({ controlFramesPerSecond: 1 });
    const line = served.app.loadLines.find("HTTP/2 control frames")!;
    const pings = Buffer.concat(Array.from({ length: 40 }, () => frame([frameTypes.ping, 0, 0], "12345678")));
    served.app.loadLines.setMode(line.name, "measure", "a test");
    using measured = await FrameWire.open(served.port);
    measured.send(pings, get(1));
    await measured.find(({ type, id }) => type === frameTypes.headers && id === 1);
    assert.ok((line.refusals[0]?.measured ?? 0) > 0);
    served.app.loadLines.setMode(line.name, "enforce", "a test");
    using wire = await FrameWire.open(served.port);
    wire.send(pings);
    assert.equal(await wire.goaway(), enhanceYourCalm);
    assert.equal(line.refusals[0]?.refused, 1);
  });
});

describe("a client of HTTP/2 that is slow", () => {
  it("loses the stream whose response it does not take, and keeps the others", async () => {
    await using served = await open({ sendStallMs: 400 });
    using wire = await FrameWire.open(served.port, { settings: setting(4, 0) });
    wire.send(get(1, "/file"), head(3, fieldsOf("HEAD", "/file")));
    assert.equal(await wire.reset(1), 8);
    wire.send(head(5, fieldsOf("HEAD", "/file")));
    assert.ok(await wire.find(({ type, id }) => type === frameTypes.headers && id === 5));
  });

  it("gets 408 where its body does not come, and keeps the connection", async () => {
    await using served = await open({ headerMs: 200, requestMs: 300 });
    await using client = await H2Client.open(served.port);
    const stream = client.begin({ ":method": "POST", ":path": "/echo", "content-type": "application/json" }, "open");
    stream.write('{"te');
    const [got] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.equal(got[":status"], 408);
    assert.equal((await client.ask("POST", "/echo", { body: { text: "next" } })).status, 200);
  });

  it("is cut where it sends no settings, or does not acknowledge ours", async () => {
    await using served = await open({ headerMs: 300 });
    using silent = await FrameWire.open(served.port, { greets: false });
    await silent.closed;
    using deaf = await FrameWire.open(served.port, { greets: false });
    deaf.send(Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame([frameTypes.settings, 0, 0]));
    assert.equal(await deaf.goaway(), 4);
  });

  it("is let go when it is idle", async () => {
    await using served = await open({ keepAliveMs: 200 });
    await using client = await H2Client.open(served.port);
    const [code] = (await once(client.session, "goaway")) as [number];
    assert.equal(code, 0);
  });
});

describe("streams of a connection", () => {
  it("are as many as the limit says", async () => {
    const [all, finish] = [gate(), gate()];
    let running = 0;
    const slow = action("t.slow", {
      ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "20s", http: "POST /slow" },
      run: async () => {
        if (++running === 2) all.open();
        await finish.opened;
        return {};
      },
    });
    await using served = await open({ streamsPerConnection: 2 }, [slow] as never);
    using wire = await FrameWire.open(served.port);
    const post = (id: number) => [head(id, fieldsOf("POST", "/slow", json), false), frame([frameTypes.data, flags.endStream, id], "{}")];
    const settings = await wire.find(({ type, flags: flag }) => type === frameTypes.settings && flag === 0);
    assert.ok(settings?.payload.includes(setting(3, 2)));
    wire.send(...post(1), ...post(3));
    await all.opened;
    wire.send(...post(5));
    assert.equal(await wire.goaway(), 1);
    assert.equal(running, 2);
    finish.open();
    assert.equal(served.app.loadLines.find("HTTP/2 streams")?.admitted, 2);
  });

  it("whose heads are far too large are reset", async () => {
    await using served = await open();
    await using client = await H2Client.open(served.port);
    const stream = client.begin({ ":method": "GET", ":path": "/file", "x-long": "x".repeat(limits.headerBytes * 3) });
    await new Promise<void>((resolve) => void stream.once("close", resolve));
    assert.equal(stream.rstCode, enhanceYourCalm);
    assert.equal((await client.ask("POST", "/echo", { body: { text: "next" } })).status, 200);
  });
});

describe("a connection that has become old", () => {
  it("of HTTP/2 says so, completes its requests and closes", async () => {
    const [running, finish] = [gate(), gate()];
    const slow = action("t.slow", {
      ...{ input: z.object({}), output: z.object({}), access: "public", idempotent: "no", budget: "20s", http: "POST /slow" },
      run: async () => {
        running.open();
        await finish.opened;
        return {};
      },
    });
    await using served = await open({ connectionAgeMs: 400 }, [slow] as never);
    await using client = await H2Client.open(served.port);
    const closed = once(client.session, "close");
    const goaway = once(client.session, "goaway");
    const response = client.ask("POST", "/slow", { body: {} });
    await running.opened;
    assert.equal((await goaway)[0], 0);
    finish.open();
    assert.equal((await response).status, 204);
    await closed;
  });

  it("of HTTP/1.1 closes with its next response", async () => {
    await using served = await open({ connectionAgeMs: 400 });
    const wire = await secureWire(served.port);
    for (let last = false; !last; ) {
      const { status, headers } = await wire.ask(requestText("POST", "/echo", { body: { text: "one" } }).toString());
      assert.equal(status, 200);
      last = headers.connection === "close";
    }
    assert.equal(await wire.ended, "end");
    wire.close();
  });
});
