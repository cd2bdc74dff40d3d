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

// OWASP API Security Top 10 (2023), item 7.
describe("API7: server side request forgery", () => {
  it("a caller reaches the named upstream alone, whatever the path says", async () => {
    const inside = await listen((_request, response) => response.end("secret"));
    const named = await listen((_request, response) => response.end("named"));
    await using shop = await openTestShop({ places: { urls: { named: named.url }, allow: ["127.0.0.1"] } });
    const fetched = (upstream: string, path: string) =>
      shop.ask("POST /v1/fetch", { token: shop.token("Ben"), body: { upstream, path, timeoutMs: 2_000 } });
    assert.equal((await fetched("named", "/a")).status, 200);
    const authority = new URL(inside.url).host;
    for (const path of [
      `//${authority}/a`,
      `${inside.url}/a`,
      `@${authority}/a`,
      `\\\\${authority}/a`,
      `/..//${authority}/a`,
      `.${authority}`,
    ])
      await fetched("named", path);
    assert.equal((await fetched(inside.url, "/a")).status, 404, "an upstream is a name");
    assert.deepEqual(inside.asked, []);
    for (const asked of named.asked) assert.ok(asked.startsWith(new URL(named.url).host), asked);
    for (const { server } of [inside, named]) server.close().closeAllConnections();
  });
});
