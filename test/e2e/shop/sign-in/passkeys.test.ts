import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { password } from "../../../../examples/shop/seed.ts";
import { chromium } from "../../browser.ts";
import { type Desk, linkIn, openDesk, SignInPage } from "./desk.ts";

describe("passkeys on the sign-in page of the shop", { skip: chromium === undefined && "there is no chromium" }, () => {
  let desk: Desk;
  let page: SignInPage;
  let authenticatorId: unknown;
  before(async () => {
    desk = await openDesk();
    page = await SignInPage.open(desk);
    await page.page.send("WebAuthn.enable");
    const options = {
      ...{ protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
      automaticPresenceSimulation: true,
    };
    authenticatorId = (await page.page.send("WebAuthn.addVirtualAuthenticator", { options })).authenticatorId;
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
  const add = async (name: string) => {
    await page.fill("add-passkey", { name });
    await page.says("The passkey is added");
    await page.rows("passkeys", 1);
  };
  const enterByPasskey = async (tenant = "acme") => {
    await page.load();
    await page.page.evaluate(`document.getElementById("enter").elements.tenant.value = ${JSON.stringify(tenant)}`);
    await page.click("passkey");
  };

  it("are added while signed in, sign in without a password, and sign in no more when they are removed", async () => {
    await enter("ben@acme.example");
    await add("Ben's laptop");
    assert.deepEqual(await page.rows("passkeys", 1), ["Ben's laptop"]);
    await page.fill("add-passkey", { name: "Twice" });
    await page.says("has a passkey for you already");
    await leave();
    await enterByPasskey();
    await page.shown("account");
    assert.equal(await page.whoAmI(), "ben@acme.example");
    await page.keep("passkeys");
    await page.page.evaluate(`document.querySelector("#passkeys button").click()`);
    await page.rows("passkeys", 0);
    await leave();
    await enterByPasskey();
    await page.says("The passkey is refused");
    assert.equal(await page.whoAmI(), 401);
    await page.page.send("WebAuthn.clearCredentials", { authenticatorId });
  });

  it("are of one tenant, need the verification of the user, and a challenge of the shop", async () => {
    await enter("ben@acme.example");
    await add("Ben's phone");
    await leave();
    await enterByPasskey("globex");
    await page.says("The passkey is refused");
    await page.page.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await enterByPasskey();
    await page.says("No passkey was used");
    await page.page.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    // One that is sent again has a challenge that was used.
    const statuses = await page.page.evaluate(`(async () => {
      const post = (path, body) => fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      const options = await (await post("/v1/browser-sessions/passkey/options", { tenant: "acme" })).json();
      const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      const statuses = [];
      for (let times = 0; times < 2; times++)
        statuses.push((await post("/v1/browser-sessions/passkey", { tenant: "acme", response: credential.toJSON() })).status);
      return statuses;
    })()`);
    assert.deepEqual(statuses, [204, 401]);
    assert.equal(await page.whoAmI(), "ben@acme.example");
    await page.load();
    await leave();
    await page.page.send("WebAuthn.clearCredentials", { authenticatorId });
  });

  it("are removed by their user alone, and go with a reset of the password", async () => {
    await enter("cleo@acme.example");
    await add("Cleo's laptop");
    const listed = await page.page.evaluate<{ items: { id: string }[] }>(`fetch("/v1/passkeys").then((reply) => reply.json())`);
    const [{ id } = assert.fail(JSON.stringify(listed))] = listed.items;
    await leave();
    for (const name of ["Ada", "Ben", "Gus"]) {
      const { status, body } = await desk.shop.ask(`DELETE /v1/passkeys/${id}`, { token: desk.shop.token(name) });
      assert.deepEqual([status, body.type], [404, "urn:plimsoll:passkey_not_found"], name);
    }
    await enterByPasskey();
    await page.shown("account");
    await leave();
    const mailed = desk.mailTo("cleo@acme.example");
    await desk.shop.ask("POST /v1/password-resets", { body: { tenant: "acme", email: "cleo@acme.example" } });
    await page.load(`#${linkIn(await mailed)}`);
    await page.fill("reset", { password: "another long password" });
    await page.says("The password is changed");
    await enterByPasskey();
    await page.says("The passkey is refused");
  });

  it("are ten of a user at most, and no response that no browser made adds one", async () => {
    const token = desk.shop.token("Ada");
    const { body: made } = await desk.shop.ask("POST /v1/passkeys", { token, body: { response: { id: "made up" } } });
    assert.equal(made.type, "urn:plimsoll:passkey_not_added");
    await desk.shop.database.admin(`
      insert into identity.passkeys (tenant_id, id, user_id, name, credential_id, public_key, counter, transports, synced)
      select 'acme', gen_random_uuid(), id, 'one', 'made ' || n, 'none', 0, '{}', false
      from identity.users, generate_series(1, 10) n where email = 'ada@acme.example' and tenant_id = 'acme'`);
    const { status, body } = await desk.shop.ask("POST /v1/passkeys/options", { token, body: {} });
    assert.deepEqual([status, body.type], [409, "urn:plimsoll:too_many_passkeys"]);
    assert.equal((await desk.shop.ask("GET /v1/passkeys", { token })).body.items.length, 10);
  });
});
