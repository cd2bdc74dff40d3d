import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { type CorsOptions, http } from "../../../src/http/index.ts";
import { action } from "../../../src/operation/online/action.ts";
import { chromium, Page } from "../browser.ts";
import { serve } from "../http/app.ts";

const echo = action("t.echo", {
  input: z.object({ id: z.string(), text: z.string() }),
  output: z.object({ text: z.string() }),
  access: "public",
  idempotent: "natural",
  budget: "5s",
  http: { route: "PUT /v1/echo/{id}", etag: ({ text }) => text },
  run: async ({ text }) => ({ text }),
});
const wipe = action("t.wipe", {
  ...{ input: z.object({ id: z.string() }), output: z.object({}), access: "public", idempotent: "natural", budget: "5s" },
  ...{ http: "DELETE /v1/echo/{id}" },
  run: async () => ({}),
});

const app = "https://app.example.com";
const url = "http://test/v1/echo/1";
const body = JSON.stringify({ text: "hi" });

/** Asks both ways: over a connection and by `app.fetch`. */
async function askBoth(cors: CorsOptions | undefined, method: string, headers: Readonly<Record<string, string>>) {
  await using served = await serve([echo, wipe], { http: cors === undefined ? {} : { cors } });
  const sent = { method, headers: { "content-type": "application/json", ...headers }, ...(method === "PUT" && { body }) };
  const overWire = await fetch(`http://127.0.0.1:${served.port}/v1/echo/1`, sent);
  const direct = await served.app.fetch(new Request(url, sent));
  const seen = [overWire, direct].map(({ status, headers: received }) => {
    const about = [...received].filter(([name]) => name.startsWith("access-control-") || name === "vary" || name === "allow");
    return { status, headers: Object.fromEntries(about) };
  });
  assert.deepEqual(seen[0], seen[1], "both ways say the same");
  const problem = overWire.headers.get("content-type")?.includes("problem")
    ? ((await overWire.json()) as { type: string }).type
    : undefined;
  return { ...seen[0]!, problem };
}

const preflight = (origin: string, method = "PUT") => ({ origin, "access-control-request-method": method });

describe("a page of another origin", () => {
  it("that is listed may read replies, with the headers that the platform sends", async () => {
    const { status, headers } = await askBoth({ origins: [app], exposeHeaders: ["X-Total"] }, "PUT", { origin: app });
    assert.equal(status, 200);
    assert.equal(headers["access-control-allow-origin"], app);
    assert.equal(headers.vary, "Origin");
    for (const name of ["etag", "location", "retry-after", "ratelimit", "x-request-id", "x-total"])
      assert.ok(headers["access-control-expose-headers"]?.split(", ").includes(name), name);
    assert.equal(headers["access-control-allow-credentials"], undefined);
  });

  it("that is listed may read refusals too", async () => {
    const { status, headers } = await askBoth({ origins: [app] }, "POST", { origin: app });
    assert.deepEqual([status, headers["access-control-allow-origin"]], [405, app]);
  });

  for (const [what, origin] of Object.entries({
    "of another host": "https://evil.example.com",
    "of another scheme": "http://app.example.com",
    "of another port": "https://app.example.com:8443",
    "whose host begins like it": "https://app.example.com.evil.test",
    "whose host ends like it": "https://evilapp.example.com",
    "without an origin of its own": "null",
    "with a path": "https://app.example.com/",
    "in capitals": "HTTPS://APP.EXAMPLE.COM",
  }))
    it(`${what} may not, and caches keep the two apart`, async () => {
      const { status, headers } = await askBoth({ origins: [app], credentials: true }, "PUT", { origin });
      assert.deepEqual([status, headers], [200, { vary: "Origin" }]);
      const asked = await askBoth({ origins: [app], credentials: true }, "OPTIONS", preflight(origin));
      assert.deepEqual([asked.status, asked.problem], [403, "urn:plimsoll:origin_not_allowed"]);
      assert.deepEqual(asked.headers, { vary: "Origin" });
    });

  it("asks before it sends, and learns the methods of the path and the headers that it may send", async () => {
    const { status, headers } = await askBoth({ origins: [app], headers: ["X-Tenant"], maxAge: "1h" }, "OPTIONS", preflight(app));
    assert.equal(status, 204);
    assert.equal(headers["access-control-allow-methods"], "PUT, DELETE");
    assert.equal(headers["access-control-max-age"], "3600");
    for (const name of ["authorization", "content-type", "idempotency-key", "if-match", "traceparent", "x-tenant"])
      assert.ok(headers["access-control-allow-headers"]?.split(", ").includes(name), name);
    assert.equal(headers.vary?.split(", ").includes("Origin"), true);
  });

  it("of any kind may read what `*` allows, and caches need not keep anything apart", async () => {
    const { headers } = await askBoth({ origins: "*" }, "PUT", { origin: "https://anyone.test" });
    assert.deepEqual([headers["access-control-allow-origin"], headers.vary], ["*", undefined]);
  });

  it("sends cookies only where the app says so", async () => {
    const { headers } = await askBoth({ origins: [app], credentials: true }, "OPTIONS", preflight(app));
    assert.equal(headers["access-control-allow-credentials"], "true");
  });

  it("finds nothing where the app says nothing of it", async () => {
    assert.deepEqual((await askBoth(undefined, "PUT", { origin: app })).headers, {});
    const { status, headers } = await askBoth(undefined, "OPTIONS", preflight(app));
    assert.deepEqual([status, headers], [204, { allow: "PUT, DELETE, OPTIONS" }]);
  });

  it("is none where a program asks: it sends no origin, and gets what it always got", async () => {
    assert.deepEqual(await askBoth({ origins: [app] }, "PUT", {}), { status: 200, headers: { vary: "Origin" }, problem: undefined });
    const { status, headers } = await askBoth({ origins: [app] }, "OPTIONS", {});
    assert.deepEqual([status, headers], [204, { allow: "PUT, DELETE, OPTIONS", vary: "Origin" }]);
  });

  it("that two lines name is refused", async () => {
    await using served = await serve([echo], { http: { cors: { origins: [app] } } });
    const head = `PUT /v1/echo/1 HTTP/1.1\r\nhost: x\r\norigin: ${app}\r\norigin: https://evil.test\r\ncontent-length: 0\r\n\r\n`;
    const wire = await served.wire();
    wire.send(head);
    assert.equal((await wire.next())?.status, 400);
  });
});

describe("a pattern of origins", () => {
  const allowed = async (origin: string) =>
    (await askBoth({ origins: ["https://*.preview.example.com:8443"] }, "PUT", { origin })).headers["access-control-allow-origin"] !==
    undefined;
  for (const [origin, expected] of [
    ["https://pr-12.preview.example.com:8443", true],
    ["https://preview.example.com:8443", false],
    ["https://a.b.preview.example.com:8443", false],
    ["https://x.previewxexample.com:8443", false],
    ["https://pr-12.preview.example.com", false],
    ["https://evil.test/.preview.example.com:8443", false],
    ["https://-.preview.example.com:8443", false],
  ] as const)
    it(`${expected ? "takes" : "does not take"} ${origin}`, async () => assert.equal(await allowed(origin), expected));

  it("lets no origin through that does not end in its name, whatever its text", async () => {
    await using served = await serve([echo], { http: { cors: { origins: ["https://*.example.com"] } } });
    const sent = fc.oneof(
      fc.webUrl().map((text) => new URL(text).origin),
      fc.stringMatching(/^[ -~]{1,40}$/),
      fc.constant("https://a.example.com"),
    );
    await fc.assert(
      fc.asyncProperty(sent, async (origin) => {
        const request = new Request(url, { method: "PUT", headers: { origin, "content-type": "application/json" }, body });
        const echoed = (await served.app.fetch(request)).headers.get("access-control-allow-origin");
        assert.ok(echoed === null || (echoed === origin.trim() && /^https:\/\/[a-z0-9-]+\.example\.com$/.test(echoed)), `${echoed}`);
      }),
    );
  });
});

describe("a function of origins", () => {
  it("decides, and is asked only about what can be an origin", async () => {
    const asked: string[] = [];
    const origins = (origin: string) => asked.push(origin) > 0 && origin.endsWith(".test");
    assert.equal(
      (await askBoth({ origins }, "PUT", { origin: "https://a.test" })).headers["access-control-allow-origin"],
      "https://a.test",
    );
    assert.equal((await askBoth({ origins }, "PUT", { origin: "null" })).headers["access-control-allow-origin"], undefined);
    assert.deepEqual(new Set(asked), new Set(["https://a.test"]));
  });

  it("that throws allows nothing and fails nothing", async () => {
    const origins = () => {
      throw new TypeError("a bug");
    };
    const { status, headers } = await askBoth({ origins }, "PUT", { origin: app });
    assert.deepEqual([status, headers], [200, { vary: "Origin" }]);
  });
});

describe("http({ cors }), at start, refuses", () => {
  for (const [what, cors] of Object.entries({
    "credentials for any origin": { origins: "*", credentials: true },
    "no origin": { origins: [] },
    "a path": { origins: ["https://app.example.com/"] },
    "no scheme": { origins: ["app.example.com"] },
    "another scheme": { origins: ["file:///x"] },
    null: { origins: ["null"] },
    "the default port, which browsers leave out": { origins: ["https://app.example.com:443"] },
    "a star in the middle": { origins: ["https://app.*.com"] },
    "a star for a whole domain": { origins: ["https://*.com"] },
    "a name that is no header": { origins: [app], headers: ["x y"] },
    "a star among the headers": { origins: [app], exposeHeaders: ["*"] },
    "a day and more": { origins: [app], maxAge: "25h" },
  } as Record<string, CorsOptions>))
    it(what, () => assert.throws(() => http({ port: false, cors }), /http\(\{ cors/));
});

describe("in a browser", { skip: chromium === undefined && "there is no chromium" }, () => {
  it("a page of a listed origin puts with a key and reads the ETag; another reads nothing", async () => {
    const server = createServer((_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>page</p>"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await using served = await serve([echo], { http: { cors: { origins: [`http://127.0.0.1:${port}`] } } });
    await using page = await Page.open();
    const put = `fetch("http://127.0.0.1:${served.port}/v1/echo/1", {
      method: "PUT", headers: { "content-type": "application/json", "x-request-id": "from-a-page" }, body: '{"text":"hi"}' })
      .then(async (response) => [(await response.json()).text, response.headers.get("etag"), response.headers.get("x-request-id")], () => "blocked")`;
    for (const [host, expected] of [
      ["127.0.0.1", ["hi", '"hi"', "from-a-page"]],
      ["localhost", "blocked"],
    ] as const) {
      await page.goto(`http://${host}:${port}/`);
      await page.until("document.body?.textContent.includes('page')");
      assert.deepEqual(await page.evaluate(put), expected, host);
    }
    server.closeAllConnections();
    server.close();
  });
});
