import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { password } from "../../../../examples/shop/seed.ts";
import { type Desk, linkIn, openDesk } from "./desk.ts";

const chosen = "a password of my own";

describe("accounts that are made by a link", () => {
  let desk: Desk;
  let ada: string;
  before(async () => {
    desk = await openDesk();
    ada = desk.shop.token("Ada");
  });
  after(() => desk?.[Symbol.asyncDispose]());

  const ask: Desk["shop"]["ask"] = (...request) => desk.shop.ask(...request);
  const invite = async (email: string, roles = ["customer"], token = ada) => {
    const mail = desk.mailTo(email);
    const made = await ask("POST /v1/invitations", { token, body: { email, roles } });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return { id: made.body.id as string, link: linkIn(await mail) };
  };
  const signUp = async (email: string, tenant = "acme") => {
    const mail = desk.mailTo(email);
    const { status } = await ask("POST /v1/sign-ups", { body: { tenant, email } });
    assert.equal(status, 202);
    return mail;
  };
  const join = (link: URLSearchParams, more = {}) =>
    ask("POST /v1/accounts", { body: { tenant: link.get("tenant"), token: link.get("join"), name: "New", password: chosen, ...more } });
  const signIn = (email: string, secret = chosen, tenant = "acme") =>
    ask("POST /v1/sessions", { body: { tenant, email, password: secret } });
  const outcome = ({ status, body }: { status: number; body: { type?: string } }) => `${status} ${body?.type ?? ""}`;
  const tooLate = "403 urn:plimsoll:link_not_valid";

  it("an invitation gives its roles, verifies the address, and is good once", async () => {
    const { link } = await invite("dora@invited.example", ["administrator", "customer"]);
    assert.equal(outcome(await join(link, { password: "dora@invited.example" })), "400 urn:plimsoll:password_refused");
    const joined = await join(link);
    assert.deepEqual([joined.status, joined.body], [201, { email: "dora@invited.example" }]);
    const { body: session } = await signIn("dora@invited.example");
    const { body: users } = await ask("GET /v1/users?query=dora", { token: session.token });
    assert.deepEqual([users.items[0].roles, users.items[0].emailVerified], [["administrator", "customer"], true]);
    assert.equal(outcome(await join(link)), tooLate);
  });

  it("invitations are listed and revoked by administrators of the tenant alone, and a second replaces the first", async () => {
    const first = await invite("emil@invited.example");
    const second = await invite("emil@invited.example");
    const listed = async (token: string) => (await ask("GET /v1/invitations?limit=100", { token })).body.items;
    assert.deepEqual(
      (await listed(ada)).map(({ id, email }: { id: string; email: string }) => [id, email]),
      [[second.id, "emil@invited.example"]],
    );
    assert.deepEqual(await listed(desk.shop.token("Gus")), []);
    for (const [name, expected] of [
      ["Gus", "404 urn:plimsoll:invitation_not_found"],
      ["Ben", "403 urn:plimsoll:permission_denied"],
    ] as const)
      assert.equal(outcome(await ask(`DELETE /v1/invitations/${second.id}`, { token: desk.shop.token(name) })), expected);
    assert.equal((await ask("POST /v1/invitations", { token: desk.shop.token("Ben"), body: { email: "x@y.example" } })).status, 403);
    assert.equal(outcome(await join(first.link)), tooLate, "the link of the first");
    assert.equal((await ask(`DELETE /v1/invitations/${second.id}`, { token: ada })).status, 204);
    assert.equal(outcome(await join(second.link)), tooLate, "a revoked link");
    assert.deepEqual(await listed(ada), []);
    const taken = await ask("POST /v1/invitations", { token: ada, body: { email: "ben@acme.example" } });
    assert.equal(outcome(taken), "409 urn:plimsoll:email_taken");
  });

  it("an invitation is good for its tenant, for three days, and while its sender is an administrator", async () => {
    const { link, id } = await invite("finn@invited.example");
    const elsewhere = new URLSearchParams(link);
    elsewhere.set("tenant", "globex");
    assert.equal(outcome(await join(elsewhere)), tooLate, "another tenant");
    await desk.shop.database.admin(`update identity.invitations set expires_at = now() where id = '${id}'`);
    assert.equal(outcome(await join(link)), tooLate, "expired");
    const { link: own } = await invite("gil@invited.example", ["administrator"]);
    await join(own);
    const { body: gil } = await signIn("gil@invited.example");
    const { link: byGil } = await invite("hugo@invited.example", ["administrator"], gil.token);
    const { body: found } = await ask("GET /v1/users?query=gil@", { token: ada });
    const [{ id: userId, version }] = found.items;
    const demoted = await ask(`PUT /v1/users/${userId}/roles`, {
      ...{ token: ada, body: { roles: ["customer"] }, headers: { "if-match": `"${version}"` } },
    });
    assert.equal(demoted.status, 200);
    assert.equal(outcome(await join(byGil)), tooLate, "of one who is no administrator any more");
  });

  it("a sign-up makes no account before its link is used, and says to no stranger whether there is one", async () => {
    const [unknown, known, nowhere] = await Promise.all([
      ask("POST /v1/sign-ups", { body: { tenant: "acme", email: "ines@new.example" } }),
      ask("POST /v1/sign-ups", { body: { tenant: "acme", email: "ben@acme.example" } }),
      ask("POST /v1/sign-ups", { body: { tenant: "unknown", email: "ben@acme.example" } }),
    ]);
    for (const { status, body } of [known, nowhere]) assert.deepEqual([status, body], [unknown.status, unknown.body]);
    const mail = await signUp("jan@new.example");
    assert.equal((await signIn("jan@new.example")).status, 401);
    const link = linkIn(mail);
    assert.equal((await join(link)).status, 201);
    assert.equal(outcome(await join(link)), tooLate);
    const { body: session } = await signIn("jan@new.example");
    assert.deepEqual(JSON.parse(Buffer.from(session.token.split(".")[1], "base64url").toString()).roles, ["customer"]);
    // Who has an account reads that, and gets no link that makes one.
    const again = await signUp("jan@new.example");
    assert.match(again.text, /you have an account/);
    assert.equal(linkIn(again).get("join"), null);
  });

  it("a stranger who signs an address up ends neither its invitation nor the link of its reader", async () => {
    const { link: invited } = await invite("kim@new.example", ["administrator"]);
    const first = linkIn(await signUp("kim@new.example"));
    const second = linkIn(await signUp("kim@new.example"));
    assert.equal((await join(invited)).status, 201);
    const earlier = linkIn(await signUp("kai@new.example"));
    await signUp("kai@new.example");
    assert.equal((await join(earlier)).status, 201);
    for (const link of [first, second]) assert.equal(outcome(await join(link)), tooLate, "there is an account now");
  });

  it("no token of one purpose is good for another", async () => {
    const { link } = await invite("mia@invited.example");
    const body = { tenant: "acme", token: link.get("join"), password: chosen };
    assert.equal(outcome(await ask("POST /v1/password-resets/redeem", { body })), tooLate);
    assert.equal(outcome(await ask("POST /v1/email-verifications/redeem", { body })), tooLate);
  });
});

describe("mail to an address that is not verified", () => {
  let desk: Desk;
  let token: string;
  const email = "nora@acme.example";
  before(async () => {
    desk = await openDesk();
    const body = { email, name: "Nora", password, roles: ["customer"] };
    const made = await desk.shop.ask("POST /v1/users", { token: desk.shop.token("Ada"), body });
    assert.deepEqual([made.status, made.body.emailVerified], [201, false]);
    token = (await desk.shop.ask("POST /v1/sessions", { body: { tenant: "acme", email, password } })).body.token;
  });
  after(() => desk?.[Symbol.asyncDispose]());

  /** What was mailed by the time that its task has ended. */
  const mailedBy = async (task: string, line: string, { caller, ...body }: { caller?: string } & Record<string, unknown>) => {
    const before = desk.mails.length;
    const ended = desk.shop.app.signals.executed.next(({ operation }) => operation === task);
    const { status } = await desk.shop.ask(line, { token: caller, body });
    assert.equal(status, 202);
    await ended;
    return desk.mails.slice(before);
  };
  const askForReset = () => mailedBy("identity.mail-reset", "POST /v1/password-resets", { tenant: "acme", email });
  const askToVerify = () => mailedBy("identity.mail-verification", "POST /v1/email-verifications", { caller: token });
  const verify = (link: URLSearchParams) =>
    desk.shop.ask("POST /v1/email-verifications/redeem", { body: { tenant: link.get("tenant"), token: link.get("verify") } });
  const read = async () => (await desk.shop.ask("GET /v1/users?query=nora", { token: desk.shop.token("Ada") })).body.items[0];

  it("gets no reset of the password until its user has used the link, which is good once", async () => {
    assert.deepEqual(await askForReset(), []);
    const [mail] = await askToVerify();
    const link = linkIn(mail ?? assert.fail("no link was mailed"));
    assert.equal((await verify(link)).status, 204);
    assert.equal((await read()).emailVerified, true);
    assert.equal((await verify(link)).status, 403);
    assert.deepEqual(await askToVerify(), [], "nothing is left to verify");
    assert.equal((await askForReset()).length, 1);
  });

  it("is not verified any more when it changes, and links that went to the old one are good for nothing", async () => {
    const [reset] = await askForReset();
    const change = async (to: string) => {
      const { id, version } = await read();
      const headers = { "if-match": `"${version}"` };
      return desk.shop.ask(`PATCH /v1/users/${id}`, { token: desk.shop.token("Ada"), body: { email: to }, headers });
    };
    assert.equal((await change("nora@elsewhere.example")).body.emailVerified, false);
    const body = { tenant: "acme", token: linkIn(reset ?? assert.fail("no link was mailed")).get("token"), password: chosen };
    assert.equal((await desk.shop.ask("POST /v1/password-resets/redeem", { body })).status, 403);
    const [mail] = await askToVerify();
    assert.equal(mail?.to.email, "nora@elsewhere.example");
    await change(email);
    assert.equal((await verify(linkIn(mail ?? assert.fail("no link was mailed")))).status, 403);
    assert.equal((await read()).emailVerified, false);
  });

  it("one inbox gets five mails an hour, from whichever caller the requests come", async () => {
    for (const path of ["sign-ups", "password-resets"]) {
      const asked = () => desk.shop.ask(`POST /v1/${path}`, { body: { tenant: "globex", email: "lea@new.example" } });
      const statuses = [];
      for (let times = 0; times < 6; times++) statuses.push((await asked()).status);
      assert.deepEqual(statuses, [202, 202, 202, 202, 202, 429], path);
    }
  });
});
