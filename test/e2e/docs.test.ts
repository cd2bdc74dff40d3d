import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { Script } from "node:vm";
import { z } from "zod";
import type { SurfaceHost } from "../../src/app/surface.ts";
import { words } from "../../src/http/docs/words.ts";
import { documentPages } from "../../src/http/pages.ts";
import { HttpRouter } from "../../src/http/router.ts";
import { signedIn } from "../../src/operation/access.ts";
import { claim } from "../../src/operation/actor.ts";
import { bearer } from "../../src/operation/authentication/bearer.ts";
import { event } from "../../src/operation/events/event.ts";
import { module } from "../../src/operation/module.ts";
import { query } from "../../src/operation/online/query.ts";
import { buildRegistry } from "../../src/pipeline/registry/registry.ts";
import { sampleModules } from "../surface/sample-shop.ts";
import { chromium, Page } from "./browser.ts";

const hostile = "</script><img src=x onerror=document.title='broken'>";
const odd = module("odd", {
  operations: [
    query("odd.hostile", {
      summary: hostile,
      input: z.object({ name: z.string().describe(hostile).optional() }),
      output: z.object({ value: z.string() }),
      access: "public",
      budget: { deadline: "90s", concurrency: 1, queue: 0 },
      http: "GET /odd/hostile",
      run: async () => ({ value: "" }),
    }),
  ],
});

/** What a surface sees of an app, as far as the pages ask. */
const host = (name: string, registry = buildRegistry([])) =>
  ({
    runtime: { options: { tenancy: claim("tid") }, registry },
    authenticator: { ...bearer, document: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    service: { name, version: "1.2.0" },
  }) as unknown as SurfaceHost;
const router = new HttpRouter(buildRegistry([...sampleModules, odd]).operations.values());
const pages = documentPages(router, host("shop"));
const reply = (path: string, from = pages) => {
  const page = from.get(path);
  assert.ok(page, `nothing at ${path}`);
  const headers = Object.fromEntries(page.headers.flatMap((name, at) => (at % 2 === 0 ? [[name, page.headers[at + 1] as string]] : [])));
  return { ...page, headers: headers as Record<string, string> };
};
const inline = (html: string, name: string) => new RegExp(`<${name}>([^]*?)</${name}>`).exec(html)?.[1] as string;

describe("the pages as they are sent", () => {
  const docs = reply("/docs");

  test("the document is JSON of the service", () => {
    const { headers, body, status } = reply("/openapi.json");
    assert.deepEqual([status, headers["content-type"], headers["x-content-type-options"]], [200, "application/json", "nosniff"]);
    const { info, paths } = JSON.parse(body) as { info: { title: string }; paths: object };
    assert.deepEqual([info.title, Object.keys(paths).length], ["shop", 7]);
  });

  test("the document of events is there, and linked, where the app has events", () => {
    const happened = event("odd.happened", { data: z.object({ id: z.string() }), key: ({ id }) => id });
    const withEvents = documentPages(router, host("shop", buildRegistry([module("odd", { operations: [], events: [happened] })])));
    const { headers, body, status } = reply("/asyncapi.json", withEvents);
    assert.deepEqual([status, headers["content-type"], headers["x-content-type-options"]], [200, "application/json", "nosniff"]);
    assert.deepEqual(Object.keys((JSON.parse(body) as { channels: object }).channels), ["odd.happened"]);
    assert.match(inline(reply("/docs", withEvents).body, "script"), /const EVENTS = "asyncapi.json";/);
    assert.deepEqual([pages.has("/asyncapi.json"), /const EVENTS = "";/.test(docs.body)], [false, true]);
  });

  test("the policy of /docs allows its own script and style, and nothing else", () => {
    const policy = Object.fromEntries((docs.headers["content-security-policy"] ?? "").split("; ").map((rule) => rule.split(/ (.*)/)));
    const hashOf = (name: string) => `'sha256-${createHash("sha256").update(inline(docs.body, name)).digest("base64")}'`;
    assert.deepEqual(policy, {
      "default-src": "'none'",
      "script-src": hashOf("script"),
      "style-src": hashOf("style"),
      "connect-src": "'self'",
      "img-src": "data:",
      "base-uri": "'none'",
      "form-action": "'none'",
      "frame-ancestors": "'none'",
      "require-trusted-types-for": "'script'",
    });
    assert.deepEqual([docs.headers["x-frame-options"], docs.headers["cache-control"]], ["DENY", "no-store"]);
    assert.equal(docs.headers["content-type"], "text/html; charset=utf-8");
  });

  test("the page is whole: one script that parses, no address but those of namespaces", () => {
    assert.doesNotThrow(() => new Script(inline(docs.body, "script")));
    const addresses = [...docs.body.matchAll(/https?:\/\/[^\s"'<]*/g)].map(([address]) => address);
    assert.deepEqual(
      addresses.filter((address) => !address.startsWith("http://www.w3.org/") && !address.startsWith("https://example.com/")),
      [],
    );
    assert.doesNotMatch(docs.body, /<link rel="stylesheet"|<script src|innerHTML|eval\(/);
  });

  test("no script of the page makes code or markup out of text (as before)", () =>
    assert.doesNotMatch(
      inline(docs.body, "script"),
      /\beval\b|\bFunction\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment/,
    ));

  test("a script of the page calls only what stands before it (as before)", () => {
    const page = inline(docs.body, "script");
    const files = globSync("src/http/docs/assets/*.js").map((path) => readFileSync(path, "utf8"));
    const declared = (text: string) => [...text.matchAll(/^(?:export )?((?:async )?(?:function\*?|const|let|class) (\w+))/gm)];
    const firstOf = (text: string) => page.indexOf(declared(text)[0]![1]!);
    const inOrder = files.toSorted((a, b) => firstOf(a) - firstOf(b));
    for (const [at, text] of inOrder.entries())
      for (const later of inOrder.slice(at + 1))
        for (const [, , name] of declared(later)) assert.doesNotMatch(text, new RegExp(`\\b${name}\\(`));
  });

  test("a name cannot leave the title", () => {
    const { body } = reply("/docs", documentPages(router, host(`</title>${hostile}`)));
    assert.match(body, /<title>&lt;\/title&gt;&lt;\/script&gt;&lt;img src=x/);
  });

  test("both languages say the same things", () => assert.deepEqual(Object.keys(words.zh), Object.keys(words.en)));

  test("both languages name the access of a signed-in caller", () => {
    for (const language of Object.values(words)) assert.ok(signedIn().description in language);
  });
});

describe("the page in a browser", { skip: chromium === undefined && "there is no chromium" }, () => {
  interface Seen {
    readonly method: string;
    readonly url: string;
    readonly headers: IncomingMessage["headers"];
    readonly body: string;
  }
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const page = pages.get(request.url ?? "");
    if (page !== undefined) return void response.writeHead(page.status, [...page.headers]).end(page.body);
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
    response.writeHead(201, { "content-type": "application/json", location: "/v1/orders/7", "idempotency-replayed": "true" });
    response.end('{"orderId":"7","note":null}');
  });
  let page: Page;
  let docs: string;

  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    docs = `http://127.0.0.1:${(server.address() as AddressInfo).port}/docs`;
    page = await Page.open();
  });
  after(async () => {
    await page?.[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
  });

  const open = async (hash = "", { width = 1280, language = "en-US" } = {}) => {
    await page.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 });
    await page.send("Emulation.setUserAgentOverride", { userAgent: "test", acceptLanguage: language });
    await page.goto("about:blank");
    await page.goto(`${docs}${hash}`);
    await page.until("document.querySelector('.operation')");
  };
  const texts = (selector: string) =>
    page.evaluate<string[]>(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((node) => node.innerText)`);
  const quiet = () =>
    assert.deepEqual(
      page.complaints.filter((text) => !text.includes('"level":"verbose"')),
      [],
    );

  test("shows every operation by module, who may call it and its load line", async () => {
    await open();
    assert.deepEqual(await texts("main .module h2"), ["identity", "catalog", "orders", "odd"]);
    const rows = await texts(".operation > summary");
    assert.equal(rows.length, 9);
    const place = rows.find((row) => row.includes("Place an order")) ?? "";
    for (const part of ["POST", "/v1/orders", "orders.place", "role customer", "300 ms", "64 + 128"])
      assert.ok(place.includes(part), `${part} in ${place}`);
    const label = await page.evaluate("document.querySelector('[id=\"orders.place\"] .load').getAttribute('aria-label')");
    assert.equal(label, "64 run at once, 128 may wait, the next gets 503");
    const widths = await page.evaluate<number[]>(
      "['orders.place', 'orders.delete'].map((id) => Number(document.getElementById(id).querySelector('.run').getAttribute('width')))",
    );
    assert.ok((widths[0] as number) > (widths[1] as number), String(widths));
    quiet();
  });

  test("opens the operation of the address, with parameters, body, answers, faults and a curl line", async () => {
    await open("#orders.place");
    const [account = ""] = await texts("[id='orders.place'] .account");
    for (const part of [
      "Idempotency-Key",
      "lines",
      "object[]",
      "productId",
      "1–99",
      "201",
      "Location",
      "409",
      "out_of_stock",
      "left",
      "refused last",
    ])
      assert.ok(account.includes(part), `${part} in ${account}`);
    const [curl = ""] = await texts("[id='orders.place'] .curl");
    assert.match(curl, /^curl -X POST 'http:\/\/127\.0\.0\.1:\d+\/v1\/orders' \\\n/);
    assert.match(
      curl,
      /-H "Authorization: Bearer \$TOKEN" \\\n {2}-H 'Idempotency-Key: [0-9a-f-]{36}' \\\n {2}-H 'Content-Type: application\/json' \\\n {2}-d '\{/,
    );
    await open("#catalog.categories");
    assert.match((await texts("[id='catalog.categories'] .account"))[0] ?? "", /children[\s\S]*as above/);
    quiet();
  });

  test("finds operations by word, and shows again what it hid", async () => {
    await open();
    const type = (text: string) =>
      page.evaluate(
        `(() => { const field = document.querySelector("header input"); field.value = ${JSON.stringify(text)}; field.dispatchEvent(new Event("input")); })()`,
      );
    const shown = () =>
      page.evaluate<string[]>("[...document.querySelectorAll('.operation')].filter((row) => row.checkVisibility()).map((row) => row.id)");
    await type("orders customer patch");
    assert.deepEqual(await shown(), ["orders.change"]);
    assert.deepEqual(await texts(".found"), ["1 of 9 operations"]);
    await type("no such thing");
    assert.deepEqual([await shown(), await texts(".found")], [[], [words.en.none]]);
    await type("");
    assert.equal((await shown()).length, 9);
  });

  test("sends what the form says with the token, shows the answer, and keeps the token to itself", async () => {
    await open("#orders.change");
    await page.evaluate(`(() => {
      const set = (field, value) => { field.value = value; field.dispatchEvent(new Event("input")); };
      set(document.querySelector(".menu input"), "Bearer secret.token.here");
      const form = document.querySelector("[id='orders.change'] form");
      form.closest("details").open = true;
      const fields = form.querySelectorAll("input");
      set(fields[0], "it's/7");
      set(fields[1], '"4"');
      set(form.querySelector("textarea"), '{"note": "it\\'s late"}');
      form.requestSubmit();
    })()`);
    await page.until("document.querySelector('.live .status')");
    const { method, url, headers, body } = seen.at(-1) as Seen;
    assert.deepEqual([method, url, body], ["PATCH", "/v1/orders/it's%2F7", '{"note": "it\'s late"}']);
    assert.deepEqual(
      [headers.authorization, headers["if-match"], headers["content-type"], headers.cookie],
      ["Bearer secret.token.here", '"4"', "application/json", undefined],
    );
    const [answer = ""] = await texts(".live");
    for (const part of ["201 Created", "/v1/orders/7", words.en.replayed, '"note": null'])
      assert.ok(answer.includes(part), `${part} in ${answer}`);
    const [curl = ""] = await texts("[id='orders.change'] .curl");
    assert.ok(curl.includes(`-d '{"note": "it'\\''s late"}'`) && curl.includes("it'\\''s%2F7") && !curl.includes("secret"), curl);
    assert.equal(await page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length"), 0);
    quiet();
  });

  test("takes text for text", async () => {
    await open("#odd.hostile");
    assert.ok((await texts("[id='odd.hostile'] .summary"))[0]?.includes(hostile));
    assert.ok((await texts("[id='odd.hostile'] .note")).includes(hostile));
    assert.deepEqual(await page.evaluate("[document.title, document.querySelectorAll('img').length]"), ["shop 1.2.0", 0]);
    quiet();
  });

  test("speaks Chinese where the browser does, and turns at a click", async () => {
    await open("#orders.place", { language: "zh-CN" });
    assert.equal(await page.evaluate("document.documentElement.lang"), "zh");
    assert.ok((await texts("[id='orders.place'] .account"))[0]?.includes("载重线"));
    await page.evaluate("document.querySelector('.tools > button').click()");
    assert.equal(await page.evaluate("document.documentElement.lang"), "en");
    assert.ok((await texts("[id='orders.place'] .account"))[0]?.includes("Load line"));
  });

  for (const width of [390, 900, 1280])
    test(`is no wider than a window of ${width}`, async () => {
      await open("#orders.change", { width });
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
      await page.until("document.querySelectorAll('.operation-body').length === 9");
      assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
      quiet();
    });
});
