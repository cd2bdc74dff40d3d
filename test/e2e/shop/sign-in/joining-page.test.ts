import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { password } from "../../../../examples/shop/seed.ts";
import { chromium } from "../../browser.ts";
import { type Desk, linkIn, openDesk, SignInPage } from "./desk.ts";

describe("joining the shop on its page", { skip: chromium === undefined && "there is no chromium" }, () => {
  let desk: Desk;
  let page: SignInPage;
  before(async () => {
    desk = await openDesk();
    page = await SignInPage.open(desk);
  });
  after(async () => {
    await page?.[Symbol.asyncDispose]();
    await desk?.[Symbol.asyncDispose]();
  });

  const enter = async (email: string, secret = password) => {
    await page.load();
    await page.fill("enter", { tenant: "acme", email, password: secret });
    await page.shown("account");
  };
  const leave = async () => {
    await page.click("leave");
    await page.shown("enter");
  };

  it("an administrator invites and revokes, and the invited set their password by the link", async () => {
    await enter("ada@acme.example");
    await page.shown("inviting");
    for (const email of ["dora@invited.example", "emil@invited.example"]) {
      const mailed = desk.mailTo(email);
      await page.fill("invite", { email, role: "customer" });
      await mailed;
    }
    assert.deepEqual(await page.rows("invitations", 2), ["dora@invited.example", "emil@invited.example"]);
    assert.equal(await page.page.evaluate("document.getElementById('unverified').checkVisibility()"), false, "the address is verified");
    await page.keep("invitations");
    await page.page.evaluate(`document.querySelectorAll("#invitations button")[1].click()`);
    assert.deepEqual(await page.rows("invitations", 1), ["dora@invited.example"]);
    await leave();
    const [mail] = desk.mails;
    await page.load(`#${linkIn(mail ?? assert.fail("no mail came"))}`);
    await page.shown("join");
    await page.keep("join");
    await page.fill("join", { name: "Dora", password: "dora@invited.example" });
    await page.says("refused");
    await page.fill("join", { name: "Dora", password: "a password of my own" });
    await page.says("Your account is there");
    assert.equal(await page.page.evaluate("location.hash"), "");
    await page.fill("enter", { password: "a password of my own" });
    await page.shown("account");
    assert.equal(await page.whoAmI(), "dora@invited.example");
    assert.equal(await page.page.evaluate("document.getElementById('inviting').hidden"), true, "a customer invites no user");
    await leave();
  });

  it("a visitor makes an account by the link of a sign-up", async () => {
    await page.load();
    await page.keep("sign-in");
    const mailed = desk.mailTo("finn@new.example");
    await page.page.evaluate(
      `document.getElementById("enter").elements.email.value = "finn@new.example"; document.getElementById("sign-up").click()`,
    );
    await page.says("A link is in the mail");
    await page.load(`#${linkIn(await mailed)}`);
    await page.fill("join", { name: "Finn", password: "a password of my own" });
    await page.says("Your account is there");
    await enter("finn@new.example", "a password of my own");
    await leave();
  });

  it("a user verifies the address by a link", async () => {
    const body = { email: "gil@acme.example", name: "Gil", password, roles: ["customer"] };
    await desk.shop.ask("POST /v1/users", { token: desk.shop.token("Ada"), body });
    await enter("gil@acme.example");
    await page.shown("unverified");
    await page.keep("unverified");
    const mailed = desk.mailTo("gil@acme.example");
    await page.click("ask-to-verify");
    await page.says("A link is in the mail");
    await page.load(`#${linkIn(await mailed)}`);
    await page.shown("verify");
    await page.fill("verify", {});
    await page.says("is verified");
    await page.shown("account");
    assert.equal(await page.page.evaluate("document.getElementById('unverified').hidden"), true);
  });

  it("nothing of it is against the policy of the page, and each field has a label", async () => {
    assert.deepEqual(
      page.page.complaints.filter((text) => /Content Security Policy|exception/i.test(text)),
      [],
    );
    const unlabelled = await page.page.evaluate(
      `[...document.querySelectorAll("input, select")].filter(({ labels }) => labels.length === 0).map(({ name }) => name)`,
    );
    assert.deepEqual(unlabelled, []);
  });
});
