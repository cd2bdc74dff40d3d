// A WebSocket that a page of a browser opens on the HTTP/2 connection it was loaded over (RFC 8441).
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { describe, it, type TestContext } from "node:test";
import { z } from "zod";
import { action } from "../../../src/operation/online/action.ts";
import { route } from "../../../src/operation/online/route.ts";
import { chromium, Page } from "../browser.ts";
import { serve } from "../http/app.ts";
import { server } from "../tls/secure.ts";

const Said = z.object({ text: z.string().max(20) });
const common = { access: "public", budget: "5s" } as const;

const page = route("GET /", { ...common, name: "t.page" }, () => {
  const headers = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; connect-src 'self'; img-src data:",
  };
  return new Response("<!doctype html><title>chat</title><link rel=icon href=data:,>", { headers });
});
const echo = action("t.echo", {
  ...{ ...common, idempotent: "no", input: z.object({ room: z.string() }), http: "GET /echo/{room}", stream: Said },
  receives: { message: Said, bytesMax: 1_000, perSecond: 100, protocols: ["chat"] },
  async *run({ room }, { incoming }) {
    for await (const { text } of incoming) {
      if (text === "end") return;
      yield { text: `${room}: ${text}` };
    }
  },
});

/** Opens two WebSockets, says something on each as soon as the other one has a reply, and has the server end one and the page the other. */
const script = `(async () => {
  const open = (room) => new Promise((resolve, reject) => {
    const socket = new WebSocket(new URL("/echo/" + room, location).href.replace("http", "ws"), ["other", "chat"]);
    const waiting = [];
    let wake = () => {};
    socket.onmessage = ({ data }) => { waiting.push(JSON.parse(data).text); wake(); };
    socket.onerror = () => reject(new Error("no WebSocket for " + room));
    const next = async () => { while (waiting.length === 0) await new Promise((done) => { wake = done; }); return waiting.shift(); };
    const closed = new Promise((done) => { socket.onclose = ({ code, wasClean }) => done([code, wasClean]); });
    socket.onopen = () => resolve({ socket, next, closed, say: (text) => socket.send(JSON.stringify({ text })) });
  });
  const [a, b] = [await open("a"), await open("b")];
  const got = [];
  for (const [at, one] of [a, b, a, b].entries()) { one.say(String(at)); got.push(await one.next()); }
  a.say("end");
  b.socket.close(1000);
  return { got, protocols: [a.socket.protocol, b.socket.protocol], closed: [await a.closed, await b.closed] };
})()`;

/** Each request of HTTP/2 that a server in this process gets, from now on, with the connection that it came on. */
function requests(t: TestContext): readonly { readonly headers: IncomingHttpHeaders; readonly session: object | undefined }[] {
  const seen: { readonly headers: IncomingHttpHeaders; readonly session: object | undefined }[] = [];
  const started = (message: unknown) => {
    const { stream, headers } = message as { readonly stream: ServerHttp2Stream; readonly headers: IncomingHttpHeaders };
    seen.push({ headers, session: stream.session });
  };
  subscribe("http2.server.stream.start", started);
  t.after(() => unsubscribe("http2.server.stream.start", started));
  return seen;
}

/** Whom the browser trusts, whatever authority it was issued by. */
const trusted = createHash("sha256")
  .update(new X509Certificate(server.cert).publicKey.export({ type: "spki", format: "der" }))
  .digest("base64");

describe("a WebSocket of a page", { skip: chromium === undefined && "there is no chromium" }, () => {
  for (const http2 of [true, false])
    it(`carries messages both ways ${http2 ? "on the HTTP/2 connection of the page" : "on a connection of its own where there is no HTTP/2"}`, async (t) => {
      const seen = requests(t);
      await using served = await serve([page, echo], { http: { tls: { cert: server.cert, key: server.key, http2 } } });
      await using browser = await Page.open("en-US", [`--ignore-certificate-errors-spki-list=${trusted}`]);
      await browser.goto(`https://127.0.0.1:${served.port}/`);
      await browser.until('document.title === "chat"');
      const loaded = await browser.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol");
      assert.equal(loaded, http2 ? "h2" : "http/1.1");
      const { got, protocols, closed } = await browser.evaluate<Record<string, unknown>>(script);
      assert.deepEqual(got, ["a: 0", "b: 1", "a: 2", "b: 3"]);
      assert.deepEqual(protocols, ["chat", "chat"]);
      assert.deepEqual(closed, [
        [1000, true],
        [1000, true],
      ]);
      assert.deepEqual(browser.complaints, []);
      const kinds = seen.map(({ headers }) => [headers[":method"], headers[":protocol"], headers[":path"]]);
      const all = [
        ["GET", undefined, "/"],
        ["CONNECT", "websocket", "/echo/a"],
        ["CONNECT", "websocket", "/echo/b"],
      ];
      assert.deepEqual(kinds, http2 ? all : []);
      assert.equal(new Set(seen.map(({ session }) => session)).size, http2 ? 1 : 0);
    });
});
