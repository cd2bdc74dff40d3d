// What a browser needs to call: replies to preflights, and headers of every reply. The last case is a page in chromium.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { type AppSpec, action, module } from "plimsoll";
import type { GrpcCors } from "plimsoll/grpc";
import { z } from "zod";
import { chromium, Page } from "../../e2e/browser.ts";
import { certificate } from "../../upstream/certificates.ts";
import { serve } from "./served.ts";

const page = "https://www.shop.example";
const open = { access: "public", idempotent: "no", budget: "2s" } as const;
const modules = [
  module("greeter", {
    operations: [
      action("greeter.greet", {
        ...open,
        input: z.object({ name: z.string() }),
        output: z.object({ text: z.string() }),
        http: "POST /greet",
        run: async ({ name }) => ({ text: `Hello, ${name}` }),
      }),
      action("greeter.count", {
        ...{ ...open, input: z.object({}), stream: z.object({ at: z.int() }), http: "POST /count" },
        async *run() {
          for (const at of [1, 2]) yield { at };
        },
      }),
    ],
  }),
];
const served = (cors?: GrpcCors, app: Partial<AppSpec> = {}) => serve(modules, { ...app, spec: { ...(cors && { cors }) } });

async function send(url: string, headers: Readonly<Record<string, string>>, body?: Buffer): Promise<IncomingHttpHeaders> {
  const session = connect(url);
  try {
    const stream = session.request({ ":path": "/greeter.Greeter/Greet", ...headers });
    const response = new Promise<IncomingHttpHeaders>((resolve, reject) => stream.on("response", resolve).on("error", reject));
    stream.end(body);
    const found = await response;
    stream.resume();
    return found;
  } finally {
    session.close();
  }
}
const preflight = (origin: string) => ({
  ...{ ":method": "OPTIONS", origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type,x-grpc-web" },
});
const call = (type: string, origin: string) => ({ ":method": "POST", "content-type": type, origin });
const ann = Buffer.from([0x0a, 3, ...Buffer.from("Ann")]);

describe("pages of other origins", () => {
  it("learn by a preflight what they may send, if their origin is allowed", async () => {
    await using running = await served({ origins: ["https://*.shop.example"], headers: ["X-Tenant"], maxAge: "1h" });
    const allowed = await send(running.url, preflight(page));
    assert.deepEqual(
      [
        allowed[":status"],
        allowed["access-control-allow-origin"],
        allowed["access-control-allow-methods"],
        allowed["access-control-max-age"],
      ],
      [204, page, "POST", "3600"],
    );
    const names = (allowed["access-control-allow-headers"] as string).split(", ");
    for (const name of ["content-type", "x-grpc-web", "grpc-timeout", "connect-protocol-version", "authorization", "x-tenant"])
      assert.ok(names.includes(name), name);
    const other = await send(running.url, preflight("https://evil.test"));
    assert.deepEqual(
      [other[":status"], other["access-control-allow-origin"], other["access-control-allow-headers"], other.vary],
      [403, undefined, undefined, "Origin"],
    );
  });

  it("may read replies and faults on every protocol, and no page may where the port has no cors", async () => {
    await using running = await served({ origins: [page], exposeHeaders: ["X-Cost"] });
    for (const [type, body] of [
      ["application/proto", ann],
      ["application/proto", Buffer.from([0xff])],
      ["application/grpc-web+proto", Buffer.from([0, 0, 0, 0, 0])],
      ["application/json", ann],
    ] as const) {
      const headers = await send(running.url, call(type, page), body);
      assert.deepEqual([headers["access-control-allow-origin"], headers.vary], [page, "Origin"], type);
      assert.match(headers["access-control-expose-headers"] as string, /grpc-status, .*x-cost$/);
      assert.equal((await send(running.url, call(type, "https://evil.test"), body))["access-control-allow-origin"], undefined);
    }
    await using closed = await served();
    const headers = await send(closed.url, call("application/proto", page), ann);
    assert.deepEqual([headers[":status"], headers["access-control-allow-origin"], headers.vary], [200, undefined, undefined]);
    assert.equal((await send(closed.url, preflight(page)))[":status"], 200);
  });

  it("count at the rate of strangers with their preflights", async () => {
    await using running = await served({ origins: "*" }, { rateLimit: { perSecond: 1, burst: 2 } });
    const statuses: unknown[] = [];
    for (let at = 0; at < 4; at++) statuses.push((await send(running.url, preflight(page)))[":status"]);
    assert.deepEqual(statuses.slice(0, 2), [204, 204]);
    assert.ok(statuses.includes(200), "above it the reply is a fault of gRPC");
  });

  it("cannot be allowed by what is no origin and no header", () => {
    for (const cors of [
      { origins: ["shop.example"] },
      { origins: [] },
      { origins: "*", headers: ["a b"] },
      { origins: "*", maxAge: "2d" },
    ] as GrpcCors[])
      return assert.rejects(served(cors), /grpc\(\{ cors/);
  });

  it("call from chromium, by Connect and gRPC-Web", { skip: chromium === undefined && "chromium is not installed" }, async () => {
    const site = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>shop</title>"));
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const authority = certificate({ name: "authority", isAuthority: true });
    const own = certificate({ name: "server", issuer: authority, of: ["127.0.0.1"] });
    await using running = await serve(modules, { spec: { cors: { origins: [origin] }, tls: { cert: own.cert, key: own.key } } });
    await using browser = await Page.open();
    await browser.send("Security.setIgnoreCertificateErrors", { ignore: true });
    await browser.goto(origin);
    await browser.until("document.title === 'shop'");
    const post = (method: string, type: string, bytes: readonly number[]) =>
      browser.evaluate<{ readonly status: number; readonly id: number; readonly bytes: number[] }>(`(async () => {
        const headers = { "content-type": ${JSON.stringify(type)}, "connect-protocol-version": "1", "x-grpc-web": "1" };
        const response = await fetch(${JSON.stringify(`${running.url}/greeter.Greeter/${method}`)}, { method: "POST", headers, body: new Uint8Array(${JSON.stringify(bytes)}) });
        return { status: response.status, id: response.headers.get("x-request-id").length, bytes: [...new Uint8Array(await response.arrayBuffer())] };
      })()`);
    const unary = await post("Greet", "application/proto", [...ann]);
    assert.deepEqual([unary.status, Buffer.from(unary.bytes).toString("latin1").slice(2)], [200, "Hello, Ann"]);
    assert.ok(unary.id > 0, "the page reads the request id");
    const stream = await post("Count", "application/connect+proto", [0, 0, 0, 0, 0]);
    assert.match(Buffer.from(stream.bytes).toString("latin1"), /\{\}$/);
    const web = await post("Count", "application/grpc-web+proto", [0, 0, 0, 0, 0]);
    assert.match(Buffer.from(web.bytes).toString("latin1"), /grpc-status: 0\r\n$/);
    site.close();
  });
});
