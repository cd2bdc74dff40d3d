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
    const fetched = async (upstream: string, path: string) => {
      const { status, body } = await shop.ask("POST /v1/fetch", { token: shop.token("Ben"), body: { upstream, path, timeoutMs: 2_000 } });
      return [status, body.type ?? body.body].join(" ");
    };
    assert.equal(await fetched("named", "/a"), "200 named");
    const authority = new URL(inside.url).host;
    for (const path of [
      `//${authority}/a`,
      `${inside.url}/a`,
      `@${authority}/a`,
      `\\\\${authority}/a`,
      `/..//${authority}/a`,
      `/../a`,
      `/%2e%2e/a`,
      `/a\r\nhost: ${authority}\r\n`,
      `.${authority}`,
    ])
      assert.equal(await fetched("named", path), "400 urn:plimsoll:upstream_path_invalid", path);
    assert.match(await fetched(inside.url, "/a"), /^404 /, "an upstream is a name");
    assert.deepEqual(inside.asked, []);
    assert.deepEqual(named.asked, [`${new URL(named.url).host} /a`], "and no path of them has left the process");
    for (const { server } of [inside, named]) server.close().closeAllConnections();
  });

  it("an upstream whose name leads to an address inside is not connected to, unless that is listed", async () => {
    const inside = await listen((_request, response) => response.end("secret"));
    // A name, which is looked up for each connection: an address that is written there keeps the shop from starting.
    const url = inside.url.replace("127.0.0.1", "localhost");
    await using shop = await openTestShop({ places: { urls: { named: url }, allow: [] } });
    const asked = { token: shop.token("Ben"), body: { upstream: "named", path: "/a", timeoutMs: 2_000 } };
    const { status, body } = await shop.ask("POST /v1/fetch", asked);
    assert.deepEqual([status, body.type], [502, "urn:plimsoll:upstream_address_refused"]);
    assert.deepEqual(inside.asked, []);
    inside.server.close().closeAllConnections();
  });
});
