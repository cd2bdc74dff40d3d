import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { answersFor, hasAdministrator, type User } from "../../../examples/shop/identity/domain.ts";
import { password } from "../../../examples/shop/seed.ts";
import { openTestShop, subjectOf, type TestShop } from "./open-shop.ts";

const newPassword = "another password";

describe("identity", () => {
  let shop: TestShop;
  let ada: string;
  let users = 0;
  before(async () => {
    shop = await openTestShop();
    ada = shop.token("Ada");
  });
  after(() => shop?.[Symbol.asyncDispose]());

  const signIn = (email: string, secret = password, tenant = "acme") =>
    shop.ask("POST /v1/sessions", { body: { tenant, email, password: secret } });
  const makeUser = async (roles = ["customer"]): Promise<User> => {
    const email = `user${++users}@acme.example`;
    const { status, body } = await shop.ask("POST /v1/users", { token: ada, body: { email, name: `User ${users}`, password, roles } });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const change = (line: string, { token = ada, version, body }: { token?: string; version?: number; body?: unknown } = {}) =>
    shop.ask(line, { token, body, headers: version === undefined ? {} : { "if-match": `"${version}"` } });

  it("signs in a user who knows the password, however the address is spelled", async () => {
    const { status, body } = await signIn("BEN@Acme.Example");
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(subjectOf(body.token), subjectOf(shop.token("Ben")));
    assert.ok(Math.abs(Date.parse(body.expiresAt) - Date.now() - 3_600_000) < 60_000);
    assert.equal((await shop.ask("GET /v1/products?limit=1", { token: body.token })).status, 200);
  });

  it("answers the same to a wrong password, an unknown address and an unknown tenant", async () => {
    const answers = await Promise.all([
      signIn("ben@acme.example", "wrong"),
      signIn("unknown@acme.example"),
      signIn("ben@acme.example", password, "unknown"),
      signIn("ben@acme.example", password, "globex"),
    ]);
    for (const { status, body } of answers)
      assert.deepEqual({ ...body, requestId: "" }, { ...answers[0].body, requestId: "" }, `${status} ${JSON.stringify(body)}`);
    assert.deepEqual([answers[0].status, answers[0].body.type], [401, "urn:plimsoll:wrong_credentials"]);
  });

  it("takes as long for an unknown user as for a known one", async () => {
    const shortest = { ben: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY };
    // In turns, and the shortest of each: a busy machine only adds.
    for (let n = 0; n < 7; n++) {
      for (const name of ["ben", "unknown"] as const) {
        const since = performance.now();
        // An unknown address may fail five times, a user who has signed in from here ten times.
        await signIn(`${name === "ben" ? name : `${name}${n}`}@acme.example`, "wrong");
        shortest[name] = Math.min(shortest[name], performance.now() - since);
      }
    }
    const { ben: known, unknown } = shortest;
    // Without the work for an unknown user it would be a tenth.
    assert.ok(unknown > known / 3 && known > unknown / 3, `${known} ms and ${unknown} ms`);
  });

  it("refuses guesses, but no user whose device it knows", async () => {
    const { email } = await makeUser();
    const { body: signedIn } = await signIn(email);
    const other = (await makeUser()).email;
    const statuses: number[] = [];
    for (let n = 0; n < 6; n++) statuses.push((await signIn(other, "wrong")).status);
    const refused = await signIn(other);
    assert.deepEqual([...statuses, refused.status], [401, 401, 401, 401, 401, 429, 429]);
    assert.equal(refused.body.type, "urn:plimsoll:sign_in_limited");
    const again = await shop.ask("POST /v1/sessions", { body: { tenant: "acme", email, password, device: signedIn.device } });
    assert.equal(again.status, 201);
  });

  it("refuses an address that sends sign-ins without end, before it looks at them", async () => {
    await using flooded = await openTestShop();
    const attempt = (n: number) =>
      flooded.ask("POST /v1/sessions", { body: { tenant: "acme", email: `guess${n}@acme.example`, password: "wrong" } });
    const types = (await Promise.all(Array.from({ length: 150 }, (_, n) => attempt(n)))).map(({ body }) => body.type);
    assert.ok(types.filter((type) => type === "urn:plimsoll:rate_limited").length >= 30, JSON.stringify(types));
    assert.equal((await flooded.ask("GET /v1/products?limit=1", { token: flooded.token("Ben") })).status, 200);
  });

  it("refuses a password that is the user's address", async () => {
    const body = { email: "long-address@acme.example", name: "Long", password: "LONG-address@acme.example" };
    const refused = await shop.ask("POST /v1/users", { token: ada, body });
    assert.deepEqual([refused.status, refused.body.type], [400, "urn:plimsoll:password_refused"]);
  });

  it("lets administrators make users, who can then sign in", async () => {
    const body = { email: "Dora@acme.example", name: "Dora", password };
    const made = await shop.ask("POST /v1/users", { token: ada, body });
    assert.deepEqual([made.status, made.headers.get("etag"), made.body.email], [201, '"1"', "dora@acme.example"]);
    assert.deepEqual(made.body.roles, ["customer"]);
    const { body: session } = await signIn("dora@acme.example");
    const own = await shop.ask(`GET ${made.headers.get("location")}`, { token: session.token });
    assert.deepEqual([own.status, own.body], [200, made.body]);
    const again = await shop.ask("POST /v1/users", { token: ada, body });
    assert.deepEqual([again.status, again.body.type], [409, "urn:plimsoll:email_taken"]);
    const elsewhere = await shop.ask("POST /v1/users", { token: shop.token("Gus"), body });
    assert.equal(elsewhere.status, 201, "tenants know nothing of each other");
    assert.equal((await shop.ask("POST /v1/users", { token: shop.token("Ben"), body })).status, 403);
    assert.equal((await shop.ask("POST /v1/users", { token: ada, body: { ...body, password: "short" } })).status, 400);
  });

  it("lists users by address, page by page, and those in whom a text is found", async () => {
    const made = [await makeUser(), await makeUser(), await makeUser()];
    const emails: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await shop.ask(`GET /v1/users?query=USER&limit=2${cursor}`, { token: ada });
      emails.push(...body.items.map((user: User) => user.email));
      if (body.nextCursor === undefined) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    assert.deepEqual(emails, emails.toSorted());
    assert.ok(made.every(({ email }) => emails.includes(email)));
    const { body: percent } = await shop.ask("GET /v1/users?query=%25", { token: ada });
    assert.deepEqual(percent.items, [], "a text is a text, no pattern");
    assert.equal((await shop.ask("GET /v1/users", { token: shop.token("Ben") })).status, 403);
  });

  it("changes a user only from the version that was read", async () => {
    const { id } = await makeUser();
    assert.equal((await change(`PATCH /v1/users/${id}`, { body: { name: "New" } })).status, 428);
    const renamed = await change(`PATCH /v1/users/${id}`, { version: 1, body: { name: "New" } });
    assert.deepEqual([renamed.status, renamed.body.name, renamed.headers.get("etag")], [200, "New", '"2"']);
    const late = await change(`PATCH /v1/users/${id}`, { version: 1, body: { name: "Late" } });
    assert.deepEqual([late.status, late.body.type], [412, "urn:plimsoll:version_mismatch"]);
    const taken = await change(`PATCH /v1/users/${id}`, { version: 2, body: { email: "ben@acme.example" } });
    assert.deepEqual([taken.status, taken.body.type], [409, "urn:plimsoll:email_taken"]);
    const gone = await change(`DELETE /v1/users/${id}`, { version: 1 });
    assert.equal(gone.status, 412);
    assert.equal((await change(`DELETE /v1/users/${id}`, { version: 2 })).status, 204);
    const missing = await change(`DELETE /v1/users/${id}`, { version: 2 });
    assert.deepEqual([missing.status, missing.body.type], [404, "urn:plimsoll:user_not_found"]);
  });

  it("keeps the last administrator, also from two who go at once", async () => {
    const gus = shop.token("Gus");
    const gusId = subjectOf(gus);
    const alone = await change(`PUT /v1/users/${gusId}/roles`, { token: gus, version: 1, body: { roles: ["customer"] } });
    assert.deepEqual([alone.status, alone.body.type], [409, "urn:plimsoll:last_administrator"]);
    assert.equal((await change(`DELETE /v1/users/${gusId}`, { token: gus, version: 1 })).status, 409);
    const second = { email: "second@globex.example", name: "Second", password, roles: ["administrator"] };
    const { body: other } = await shop.ask("POST /v1/users", { token: gus, body: second });
    const both = await Promise.all([
      change(`PUT /v1/users/${gusId}/roles`, { token: gus, version: 1, body: { roles: ["customer"] } }),
      change(`DELETE /v1/users/${other.id}`, { token: gus, version: 1 }),
    ]);
    assert.equal(both.filter(({ status }) => status === 409).length, 1, JSON.stringify(both.map(({ body }) => body)));
    const { body: left } = await shop.ask("GET /v1/users?limit=100", { token: gus });
    assert.equal(left.items.filter((user: User) => user.roles.includes("administrator")).length, 1);
  });

  it("changes one's own password for the old one, and any user's for an administrator", async () => {
    const { id, email } = await makeUser();
    const { body: session } = await signIn(email);
    const ask = (body: object, token = session.token) => shop.ask(`POST /v1/users/${id}/password`, { token, body });
    for (const oldPassword of ["wrong", undefined]) {
      const wrong = await ask({ oldPassword, newPassword });
      assert.deepEqual([wrong.status, wrong.body.type], [403, "urn:plimsoll:wrong_password"]);
    }
    assert.equal((await ask({ oldPassword: password, newPassword })).status, 204);
    assert.deepEqual([(await signIn(email)).status, (await signIn(email, newPassword)).status], [401, 201]);
    assert.equal((await ask({ newPassword: password }, ada)).status, 204);
    assert.equal((await signIn(email)).status, 201);
  });

  it("reveals no password, not even hashed", async () => {
    const made = await makeUser();
    assert.deepEqual(Object.keys(made).toSorted(), ["createdAt", "email", "emailVerified", "id", "name", "roles", "version"]);
    const { body } = await shop.ask("GET /v1/users?limit=100", { token: ada });
    assert.doesNotMatch(JSON.stringify(body), /argon2|hash/i);
  });
});

describe("who may do what", () => {
  const user = (id: string, ...roles: User["roles"]) => ({ id, roles }) as User;

  it("lets a user act for their own account, and administrators for every account", () => {
    assert.equal(answersFor(user("a", "customer"), "a"), true);
    assert.equal(answersFor(user("a", "customer"), "b"), false);
    assert.equal(answersFor(user("a", "administrator"), "b"), true);
  });

  it("knows whether an administrator is left", () => {
    assert.equal(hasAdministrator([user("a", "customer"), user("b", "customer", "administrator")]), true);
    assert.equal(hasAdministrator([user("a", "customer")]), false);
    assert.equal(hasAdministrator([]), false);
  });
});
