import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { command, query, signedIn } from "plimsoll";
import { sessions } from "plimsoll/auth";
import { postgres } from "plimsoll/postgres";
import { testDatabase } from "plimsoll/testing";
import { z } from "zod";
import { chromium, Page } from "../browser.ts";
import { serve } from "../http/app.ts";

// Sent from everywhere, so that only what the server looks at decides.
const session = sessions({ sameSite: "None" });
const none = z.object({});

const signIn = command("t.sign-in", {
  ...{ input: z.object({ user: z.string() }), output: none, access: "public", idempotent: "no", budget: "5s" },
  http: { route: "POST /v1/sign-in", status: 204, body: "form" },
  async run({ user }, scope) {
    await session.start(scope, { id: user });
    return {};
  },
});
const signOut = command("t.sign-out", {
  ...{ input: none, output: none, access: "public", idempotent: "natural", budget: "5s", http: "POST /v1/sign-out" },
  async run(_, scope) {
    await session.end(scope);
    return {};
  },
});
const me = query("t.me", {
  ...{ input: none, output: z.object({ id: z.string() }), access: signedIn(), budget: "5s", http: "GET /v1/me" },
  run: async (_, { actor }) => ({ id: actor.id }),
});
let written: string[] = [];
const write = command("t.write", {
  ...{ input: z.object({ text: z.string() }), output: none, access: signedIn(), idempotent: "natural", budget: "5s" },
  http: { route: "POST /v1/notes", status: 204, body: "form" },
  async run({ text }) {
    written.push(text);
    return {};
  },
});

describe("sessions in a browser", { skip: chromium === undefined && "there is no chromium" }, () => {
  it("sign a user in and out on the own page, which no page of another origin can write with", async () => {
    written = [];
    const database = await testDatabase({ modules: [] });
    const server = createServer((_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>page</p>"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    try {
      const options = { database: postgres({ url: database.url }), authentication: session, http: { documents: true } };
      await using served = await serve([signIn, signOut, me, write], options);
      await using page = await Page.open();
      const own = `http://localhost:${served.port}`;
      const send = (path: string, body: string, more = "") =>
        `fetch("${own}${path}", { method: "POST", credentials: "include", body: ${body}, ${more} }).then(({ status }) => status, () => "blocked")`;
      const json = 'headers: { "content-type": "application/json" }';
      const whoAmI = `fetch("${own}/v1/me").then(async (response) => (await response.json()).id ?? response.status)`;

      await page.goto(`${own}/docs`);
      await page.until("document.readyState === 'complete'");
      assert.equal(await page.evaluate(whoAmI), 401);
      assert.equal(await page.evaluate(send("/v1/sign-in", "new URLSearchParams({ user: 'ann' })")), 204);
      assert.equal(await page.evaluate(whoAmI), "ann");
      assert.equal(await page.evaluate("document.cookie"), "");
      assert.equal(await page.evaluate(send("/v1/notes", "new URLSearchParams({ text: 'own' })")), 204);
      assert.deepEqual(written, ["own"]);

      // Another port is another origin of the same site, another name another site.
      for (const host of ["localhost", "127.0.0.1"]) {
        await page.goto(`http://${host}:${port}/`);
        await page.until("document.body?.textContent.includes('page')");
        const executed = served.executed();
        await page.evaluate(send("/v1/notes", "new URLSearchParams({ text: 'attack' })", 'mode: "no-cors"'));
        // This browser sends no cookie with what a page of another site fetches.
        assert.equal((await executed).fault?.type, host === "localhost" ? "cross_site_request" : "session_missing", host);
        for (const [path, name] of [
          ["/v1/notes", "text"],
          ["/v1/sign-in", "user"],
        ] as const) {
          await page.goto(`http://${host}:${port}/`);
          await page.until("document.body?.textContent.includes('page')");
          const posted = served.executed();
          await page.evaluate(`(() => {
            const form = document.createElement("form");
            Object.assign(form, { method: "POST", action: "${own}${path}", innerHTML: '<input name="${name}" value="mallory">' });
            document.body.append(form);
            form.submit();
          })()`);
          assert.equal((await posted).fault?.type, "cross_site_request", `${host} ${path}`);
        }
      }
      assert.deepEqual(written, ["own"]);

      await page.goto(`${own}/docs`);
      await page.until("document.readyState === 'complete'");
      assert.equal(await page.evaluate(whoAmI), "ann", "the attacker has signed no other user in");
      assert.equal(await page.evaluate(send("/v1/sign-out", "'{}'", json)), 204);
      assert.equal(await page.evaluate(whoAmI), 401);
    } finally {
      server.closeAllConnections();
      server.close();
      await database.drop();
    }
  });
});
