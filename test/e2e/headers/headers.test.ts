import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { csp, cspHash } from "../../../src/http/headers/csp.ts";
import type { SecurityOptions } from "../../../src/http/headers/security.ts";
import { signedIn } from "../../../src/operation/access.ts";
import { action } from "../../../src/operation/online/action.ts";
import type { CacheControlSpec } from "../../../src/operation/online/http-head.ts";
import { query } from "../../../src/operation/online/query.ts";
import { MemoryDatabase } from "../../../src/testing/conformance/memory-database.ts";
import { makeToken, setUp } from "../../auth/tokens.ts";
import { chromium, Page } from "../browser.ts";
import { serve } from "../http/app.ts";

const common = { input: z.object({ id: z.string().optional() }), output: z.object({ id: z.string() }), budget: "5s" } as const;
const database = { open: () => new MemoryDatabase() };
const run = async () => ({ id: "a" });

function reading(cacheControl: CacheControlSpec, more: object = {}) {
  return query("t.read", { ...common, access: "public", http: { route: "GET /read", cacheControl, etag: ({ id }) => id, ...more }, run });
}

describe("what caches may keep", () => {
  const cases: readonly (readonly [spec: CacheControlSpec, toStranger: string, toActor: string])[] = [
    [{ maxAge: "1m" }, "private, max-age=60", "private, max-age=60"],
    [{ maxAge: "1m", shared: true }, "public, max-age=60", "private, max-age=60"],
    [
      { maxAge: 0, shared: true, staleWhileRevalidate: "5s", staleIfError: "1h", immutable: true },
      "public, max-age=0, stale-while-revalidate=5, stale-if-error=3600, immutable",
      "private, max-age=0, stale-while-revalidate=5, stale-if-error=3600, immutable",
    ],
  ];
  for (const [spec, ...expected] of cases)
    it(`${JSON.stringify(spec)}, to strangers and to those who sign in`, async () => {
      const { authenticator } = setUp();
      await using served = await serve([reading(spec, { headers: { id: "X-Id" } })], { database, authentication: authenticator });
      for (const [i, authorization] of [undefined, `Bearer ${makeToken()}`].entries()) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        for (const versions of [{}, { "if-none-match": '"a"' }] as const) {
          const overWire = await fetch(`http://127.0.0.1:${served.port}/read`, { headers: { ...headers, ...versions } });
          const direct = await served.app.fetch(new Request("http://test/read", { headers: { ...headers, ...versions } }));
          for (const response of [overWire, direct]) {
            assert.equal(response.status, "if-none-match" in versions ? 304 : 200);
            assert.equal(response.headers.get("cache-control"), expected[i]);
            const isShared = expected[i]?.startsWith("public");
            assert.equal(response.headers.get("vary"), isShared ? "X-Id, Authorization" : "X-Id, Cookie, Authorization");
          }
        }
      }
      const refused = await served.app.fetch(new Request("http://test/read?id=1", { headers: { authorization: "Bearer x" } }));
      assert.deepEqual([refused.status, refused.headers.get("cache-control")], [401, "no-store"]);
    });

  const wrong: readonly (readonly [why: string, operation: ReturnType<typeof reading>])[] = [
    ["shared, though it depends on cookies", reading({ maxAge: 1, shared: true }, { cookies: { id: "id" } })],
    ["longer than a year", reading({ maxAge: "366d" })],
    [
      "shared, though it is for those who sign in",
      query("t.own", { ...common, access: signedIn(), http: { route: "GET /own", cacheControl: { maxAge: 1, shared: true } }, run }),
    ],
    ["of a POST", query("t.post", { ...common, access: "public", http: { route: "POST /post", cacheControl: { maxAge: 1 } }, run })],
  ];
  for (const [why, operation] of wrong)
    it(`an app does not start with a response that may be kept: ${why}`, async () => {
      await assert.rejects(
        async () => {
          await using _ = await serve([operation], { database, authentication: setUp().authenticator });
        },
        (error: Error) => error.message.includes("http.cacheControl"),
      );
    });
});

describe("what browsers may do", () => {
  it("a policy allows what it names, and nothing else", () => {
    assert.equal(csp({}), "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    assert.equal(
      csp({ scriptSrc: ["self", "https://cdn.example.com", cspHash("x")], formAction: ["self"], imgSrc: [] }),
      "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; script-src 'self' https://cdn.example.com 'sha256-LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE='; img-src 'none'",
    );
  });
  for (const source of ["a b", "a;b", "a,b", "", "a\nb", "é"])
    it(`${JSON.stringify(source)} is not one source`, () => assert.throws(() => csp({ scriptSrc: [source] }), /not one source/));

  const options: readonly (readonly [SecurityOptions, name: string, value: string | null])[] = [
    [{}, "strict-transport-security", "max-age=31536000; includeSubDomains"],
    [{ strictTransportSecurity: false }, "strict-transport-security", null],
    [
      { strictTransportSecurity: { maxAge: "730d", preload: true } },
      "strict-transport-security",
      "max-age=63072000; includeSubDomains; preload",
    ],
    [{ strictTransportSecurity: { maxAge: "1d", includeSubDomains: false } }, "strict-transport-security", "max-age=86400"],
    [{ frames: "same-origin" }, "x-frame-options", "SAMEORIGIN"],
    [{ resources: "cross-origin" }, "cross-origin-resource-policy", "cross-origin"],
    [{ referrerPolicy: "strict-origin" }, "referrer-policy", "strict-origin"],
    [{ contentSecurityPolicy: { imgSrc: ["self"] } }, "content-security-policy", csp({ imgSrc: ["self"] })],
  ];
  const acted = action("t.act", { ...common, access: "public", idempotent: "natural", http: "POST /act", run });
  for (const [security, name, value] of options)
    it(`http({ security: ${JSON.stringify(security)} }) sends it with successes and faults`, async () => {
      await using served = await serve([acted], { http: { security } });
      for (const path of ["/act", "/nowhere"]) {
        const overWire = await fetch(`http://127.0.0.1:${served.port}${path}`, { method: "POST" });
        const direct = await served.app.fetch(new Request(`http://test${path}`, { method: "POST" }));
        for (const response of [overWire, direct]) {
          assert.equal(response.headers.get(name), value);
          assert.equal(response.headers.get("x-content-type-options"), "nosniff");
        }
      }
    });

  it("a preload without its year is refused", async () => {
    await assert.rejects(async () => {
      await using _ = await serve([acted], { http: { security: { strictTransportSecurity: { maxAge: "1d", preload: true } } } });
    }, /preload/);
  });

  it("a page does in a browser what its route allows, and nothing else", { skip: chromium === undefined && "no chromium" }, async () => {
    const good = "document.title = 'ran'";
    const text = `<!doctype html><title>page</title><script>${good}</script><script>document.title = 'injected'</script><p id=end>`;
    const page = query("t.page", {
      ...{ ...common, access: "public" },
      http: { route: "GET /page", file: { type: "text/html", text: () => text }, contentSecurityPolicy: { scriptSrc: [cspHash(good)] } },
      run,
    });
    await using served = await serve([page], { database, http: { security: { contentSecurityPolicy: { scriptSrc: ["unsafe-inline"] } } } });
    await using opened = await Page.open();
    await opened.goto(`http://127.0.0.1:${served.port}/page`);
    await opened.until("document.querySelector('#end')");
    assert.equal(await opened.evaluate("document.title"), "ran");
    assert.match(opened.complaints.join(), /Content Security Policy/);
  });
});
