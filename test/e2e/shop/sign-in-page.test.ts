import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Mail } from "../../../examples/shop/notifications/domain.ts";
import { openShops, password } from "../../../examples/shop/seed.ts";
import { createShop, modules } from "../../../examples/shop/shop.ts";
import type { App } from "../../../src/app/app.ts";
import { postgres } from "../../../src/postgres/database.ts";
import { type TestDatabase, testDatabase } from "../../../src/testing/database.ts";
import { chromium, Page } from "../browser.ts";
import { testSpec } from "./open-shop.ts";
import { codeOf } from "./sign-in/codes.ts";

describe("the sign-in page of the shop", { skip: chromium === undefined && "there is no chromium" }, () => {
  let database: TestDatabase;
  let app: App;
  let page: Page;
  let own: string;
  let mailed = Promise.withResolvers<Mail>();
  before(async () => {
    database = await testDatabase({ modules });
    const mail = { send: async (one: Mail) => mailed.resolve(one) };
    app = createShop({ ...testSpec, database: postgres({ url: database.url }), mailDirectory: "", mail, origin: "http://shop.test" });
    await app.start();
    await openShops(app);
    own = `http://localhost:${new URL(app.urls.surfaces[0] ?? "").port}`;
    page = await Page.open();
  });
  after(async () => {
    await page?.[Symbol.asyncDispose]();
    await app?.stop();
    await database?.drop();
  });

  const open = async (hash = "") => {
    // Another document, so that the page is loaded and not only scrolled.
    await page.goto("about:blank");
    await page.goto(`${own}/sign-in${hash}`);
    // Nothing is shown until the page knows who is signed in.
    await page.until(
      "location.pathname === '/sign-in' && document.querySelector('#enter:not([hidden]), #reset:not([hidden]), #account:not([hidden])')",
    );
  };
  const fill = (form: string, fields: Readonly<Record<string, string>>) =>
    page.evaluate(`(() => {
      const form = document.getElementById(${JSON.stringify(form)});
      for (const [name, value] of Object.entries(${JSON.stringify(fields)})) form.elements[name].value = value;
      form.requestSubmit();
    })()`);
  const shown = (id: string) => page.until(`!document.getElementById(${JSON.stringify(id)})?.hidden`);
  const says = (text: string) => page.until(`document.getElementById("message")?.textContent.includes(${JSON.stringify(text)})`);
  const enter = (email: string, secret: string, more = {}) => fill("enter", { tenant: "acme", email, password: secret, ...more });
  const signOut = async () => {
    await page.evaluate("document.getElementById('leave').click()");
    await shown("enter");
  };
  const whoAmI = () => page.evaluate(`fetch("/v1/browser-sessions/own").then(async (reply) => (await reply.json()).email ?? reply.status)`);

  it("refuses a wrong password, takes the right one, and signs out", async () => {
    await open();
    await enter("ben@acme.example", "a wrong password");
    await says("wrong");
    assert.equal(await whoAmI(), 401);
    await enter("ben@acme.example", password);
    await shown("account");
    assert.equal(await page.evaluate("document.getElementById('name').textContent"), "Hello Ben");
    assert.equal(await page.evaluate("document.cookie"), "", "no script sees the session");
    assert.equal(await whoAmI(), "ben@acme.example");
    await signOut();
    await page.until("!document.getElementById('enter').hidden");
    assert.equal((await fetch(`${own}/v1/browser-sessions/own`)).status, 401);
  });

  it("sets a new password with the link in the mail, once, and ends the sessions of the user", async () => {
    await open();
    await enter("cleo@acme.example", password);
    await shown("account");
    await signOut();
    mailed = Promise.withResolvers();
    await page.evaluate(
      `document.getElementById("enter").elements.email.value = "cleo@acme.example"; document.getElementById("forgot").click()`,
    );
    await says("a link is in the mail");
    const { text, to } = await mailed.promise;
    assert.equal(to.email, "cleo@acme.example");
    const hash = /http:\/\/shop\.test\/sign-in(#\S+)/.exec(text)?.[1] ?? "";
    await open(hash);
    await shown("reset");
    await fill("reset", { password: "cleo@acme.example" });
    await says("refused");
    await fill("reset", { password: "another long password" });
    await says("The password is changed");
    assert.equal(await page.evaluate("location.hash"), "");
    await enter("cleo@acme.example", password);
    await says("wrong");
    await enter("cleo@acme.example", "another long password");
    await shown("account");
    await signOut();
    await open(hash);
    await fill("reset", { password: "yet another password" });
    await says("The link was used");
  });

  it("asks for the second factor of a user who has one, and takes each code once", async () => {
    await open();
    await enter("ada@acme.example", password);
    await shown("account");
    await page.evaluate("document.getElementById('protect').click()");
    await shown("confirm");
    const secret = await page.evaluate<string>("document.getElementById('secret').textContent");
    await fill("confirm", { code: "000000" });
    await says("The code is wrong");
    // The next half minute would have another code, which is good.
    const used = codeOf(secret);
    await fill("confirm", { code: used });
    await says("The second factor is on");
    const codes = await page.evaluate<string[]>("[...document.querySelectorAll('#codes li')].map(({ textContent }) => textContent)");
    assert.equal(codes.length, 10);
    await signOut();
    await enter("ada@acme.example", password);
    await says("Enter the code");
    await enter("ada@acme.example", password, { code: used });
    await says("wrong");
    await enter("ada@acme.example", password, { code: codes[0]! });
    await shown("account");
    await signOut();
    await enter("ada@acme.example", password, { code: codes[0]! });
    await says("wrong");
    const asked = async (more = {}) => {
      const reply = await fetch(`${own}/v1/sessions`, {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify({ tenant: "acme", email: "ada@acme.example", password, ...more }),
      });
      return `${reply.status} ${((await reply.json()) as { type: string }).type}`;
    };
    const needed = "401 urn:plimsoll:second_factor_needed";
    assert.equal(await asked(), needed, "a token needs the second factor too");
    // Who has the password may show it as often as they like; guesses of the code are limited all the same.
    for (let guess = 0; (await asked({ code: "000000" })) !== "429 urn:plimsoll:sign_in_limited"; guess++) {
      assert.ok(guess < 20, "guesses of the code are limited");
      assert.equal(await asked(), needed);
    }
  });

  it("lets no page of another origin write in the name of the user, and runs no script of another", async () => {
    await open();
    await enter("ben@acme.example", password);
    await shown("account");
    const other = createServer((_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>page</p>"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    try {
      await page.goto(`http://localhost:${(other.address() as AddressInfo).port}/`);
      await page.until("document.body?.textContent.includes('page')");
      const refused = app.signals.executed.next((done) => done.operation === "identity.begin-second-factor");
      await page.evaluate(
        `fetch("${own}/v1/second-factor", { method: "POST", mode: "no-cors", credentials: "include", body: "{}" }).catch(() => undefined)`,
      );
      assert.equal((await refused).fault?.type, "cross_site_request");
    } finally {
      other.closeAllConnections();
      other.close();
    }
    const reply = await fetch(`${own}/sign-in`);
    const policy = reply.headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(part), policy);
    await open();
    const before = page.complaints.length;
    await page.evaluate(`document.body.append(Object.assign(document.createElement("script"), { textContent: "window.ran = true" }))`);
    assert.equal(await page.evaluate("window.ran"), undefined);
    assert.ok(page.complaints.slice(before).every((text) => /Content Security Policy/.test(text)));
  });
});
