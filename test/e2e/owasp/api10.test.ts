import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { openTestShop } from "../shop/open-shop.ts";

async function listen(handle: RequestListener): Promise<{ readonly url: string; readonly server: Server; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    handle(request, response);
  });
  server.unref();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, asked };
}

// OWASP API Security Top 10 (2023), item 10.
describe("API10: unsafe consumption of APIs", () => {
  it("a reply of an upstream is followed nowhere, has bounds, and passes nothing on to the caller but what it may", async () => {
    const other = await listen((_request, response) => response.end("secret"));
    const upstream = await listen(({ url }, response) => {
      if (url === "/moved") return void response.writeHead(302, { location: other.url }).end();
      if (url === "/large") return void response.end("x".repeat(200_000));
      return void response.writeHead(200, { "set-cookie": "a=b", "access-control-allow-origin": "*" }).end("fine");
    });
    await using shop = await openTestShop({ places: { urls: { upstream: upstream.url }, allow: ["127.0.0.1"] } });
    const fetched = (path: string) =>
      shop.ask("POST /v1/fetch", { token: shop.token("Ben"), body: { upstream: "upstream", path, timeoutMs: 2_000 } });
    const { status, headers } = await fetched("/");
    assert.deepEqual([status, headers.get("set-cookie"), headers.get("access-control-allow-origin")], [200, null, null]);
    const moved = await fetched("/moved");
    assert.ok(!JSON.stringify(moved.body).includes("secret"));
    assert.deepEqual(other.asked, [], "a redirect is not followed");
    const large = await fetched("/large");
    assert.ok(large.status >= 500, `${large.status}`);
    for (const { server } of [other, upstream]) server.close().closeAllConnections();
  });
});
