import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";
import { passkeys } from "plimsoll/auth";
import { postgres } from "plimsoll/postgres";
import { type TestApp, type TestDatabase, testApp, testDatabase } from "plimsoll/testing";
import { otherKey, type Quirks, SoftAuthenticator } from "./authenticator.ts";
import { desk as deskOf, session } from "./desk.ts";

const place = { rpId: "example.com", origin: "https://app.example.com" };
const options = { rpId: place.rpId, rpName: "Desk", origins: [place.origin] };
const { desk, begin, finish, challenge, signIn } = deskOf(passkeys("desk", options));

describe("passkeys", () => {
  let database: TestDatabase;
  let running: TestApp;
  before(async () => {
    database = await testDatabase({ modules: [desk] });
    running = await testApp({ modules: [desk], database: postgres({ url: database.url }), authentication: session });
  });
  after(async () => {
    await running?.stop();
    await database?.drop();
  });
  beforeEach(async () => {
    await database.admin("truncate desk.passkeys, plimsoll.one_time_tokens, plimsoll.sessions");
    await database.admin("select plimsoll.set_clock_offset('0')");
  });

  const call: TestApp["app"]["call"] = (...args) => running.app.call(...args);
  const registered = async (user: string, quirks: Quirks = {}) => {
    const authenticator = new SoftAuthenticator(place);
    const response = authenticator.create(await call(begin, { user }), quirks);
    await call(finish, { user, response });
    return authenticator;
  };
  /** Runs what is to be refused, and returns the reason in its wide event. */
  const refusal = async (work: () => Promise<unknown>) => {
    const executed = running.app.signals.executed.next((done) => done.fault !== undefined);
    await assert.rejects(work, { type: "passkey_refused" });
    return String((await executed).notes?.passkeyRefused);
  };
  const enter = async (authenticator: SoftAuthenticator, quirks: Quirks = {}, user?: string) =>
    call(signIn, { response: authenticator.get(await call(challenge, user === undefined ? {} : { user }), quirks) });

  it("sign in the user who made one, by name and without", async () => {
    const authenticator = await registered("ann");
    assert.deepEqual(await enter(authenticator), { user: "ann", counter: 1 });
    assert.deepEqual(await enter(authenticator, {}, "ann"), { user: "ann", counter: 2 });
    const [row] = await database.admin<{ counter: string; transports: string[] }>("select counter, transports from desk.passkeys");
    assert.deepEqual(row, { counter: "2", transports: ["internal", "hybrid"] });
  });

  it("are asked for with a challenge, the domain and the verification of the user", async () => {
    const made = (await call(begin, { user: "ann" })) as Record<string, unknown>;
    assert.match(String(made.challenge), /^[\w-]{43}$/);
    assert.deepEqual([made.rp, made.attestation, made.timeout], [{ id: "example.com", name: "Desk" }, "none", 300_000]);
    const { userVerification, residentKey } = made.authenticatorSelection as Record<string, string>;
    assert.deepEqual([userVerification, residentKey], ["required", "required"]);
    const { id, name } = made.user as { id: string; name: string };
    assert.deepEqual([name, Buffer.from(id, "base64url").length], ["ann@example.com", 32]);
    const { id: known } = await registered("ann");
    const again = (await call(begin, { user: "ann" })) as { excludeCredentials: { id: string }[] };
    const asked = (await call(challenge, { user: "ann" })) as {
      allowCredentials: { id: string }[];
      rpId: string;
      userVerification: string;
    };
    for (const list of [again.excludeCredentials, asked.allowCredentials])
      assert.deepEqual(
        list.map((one) => one.id),
        [known.toString("base64url")],
      );
    assert.deepEqual([asked.rpId, asked.userVerification], ["example.com", "required"]);
  });

  const refusedAtBoth: readonly [string, Quirks, RegExp][] = [
    ["comes from another origin", { origin: "https://evil.test" }, /origin/],
    ["comes from a subdomain that is not listed", { origin: "https://x.app.example.com" }, /origin/],
    ["is for another domain", { rpId: "evil.test" }, /RP ID/],
    ["was made without verifying the user", { verified: false }, /verif/],
    ["was made in a frame of another origin", { crossOrigin: true }, /frame/],
    ["has a challenge that was made up", { challenge: randomBytes(32).toString("base64url") }, /challenge/],
    ["has a challenge that is none", { challenge: "" }, /challenge/],
    ["is of the other kind", { type: "payment.get" }, /type/],
  ];
  for (const [what, quirks, reason] of refusedAtBoth)
    it(`refuse a response that ${what}`, async () => {
      assert.match(await refusal(() => registered("ben", quirks)), reason);
      const authenticator = await registered("ann");
      assert.match(await refusal(() => enter(authenticator, quirks)), reason);
      assert.deepEqual(await enter(authenticator, { counter: 9 }), { user: "ann", counter: 9 });
    });

  it("refuse a signature of another key", async () => {
    const authenticator = await registered("ann");
    await refusal(() => enter(authenticator, { key: otherKey }));
  });

  it("refuse a counter that has not grown: the passkey may have been copied", async () => {
    const authenticator = await registered("ann");
    await enter(authenticator, { counter: 5 });
    assert.match(await refusal(() => enter(authenticator, { counter: 5 })), /counter/);
    assert.match(await refusal(() => enter(authenticator, { counter: 4 })), /counter/);
    assert.deepEqual(await enter(authenticator, { counter: 6 }), { user: "ann", counter: 6 });
  });

  it("accept an authenticator that does not count", async () => {
    const authenticator = await registered("ann");
    for (let n = 0; n < 2; n++) assert.deepEqual(await enter(authenticator, { counter: 0 }), { user: "ann", counter: 0 });
  });

  it("accept a response once, also of two at the same time", async () => {
    const authenticator = await registered("ann");
    const response = authenticator.get(await call(challenge, {}), { counter: 0 });
    const tries = await Promise.allSettled(Array.from({ length: 4 }, () => call(signIn, { response })));
    assert.equal(tries.filter(({ status }) => status === "fulfilled").length, 1);
    assert.match(await refusal(() => call(signIn, { response })), /challenge/);
    const made = new SoftAuthenticator(place).create(await call(begin, { user: "ben" }));
    await call(finish, { user: "ben", response: made });
    assert.match(await refusal(() => call(finish, { user: "ben", response: made })), /challenge/);
  });

  it("refuse a response that comes too late", async () => {
    const authenticator = await registered("ann");
    const response = authenticator.get(await call(challenge, {}));
    await database.admin("select plimsoll.set_clock_offset('5 minutes')");
    assert.match(await refusal(() => call(signIn, { response })), /expired/);
  });

  it("are of one user: no other registers with the challenge or signs in in the user's name", async () => {
    const mine = await registered("ann");
    const other = await registered("ben");
    const asked = await call(begin, { user: "ann" });
    assert.match(await refusal(() => call(finish, { user: "ben", response: new SoftAuthenticator(place).create(asked) })), /this user/);
    assert.match(await refusal(() => enter(other, {}, "ann")), /another user/);
    assert.match(await refusal(() => enter(mine, { userHandle: randomBytes(32).toString("base64url") })), /another user/);
    const request = await call(challenge, {});
    assert.match(
      await refusal(() => call(finish, { user: "ann", response: new SoftAuthenticator(place).create({ ...request, user: { id: "" } }) })),
      /challenge/,
    );
  });

  it("refuse one that is not known", async () => {
    const authenticator = await registered("ann");
    await database.admin("truncate desk.passkeys");
    assert.match(await refusal(() => enter(authenticator)), /not known/);
  });

  it("refuse the statement of a maker, whose certificates say what is fetched", async (t) => {
    const fetched = t.mock.method(globalThis, "fetch", () => Promise.reject(new TypeError("nothing is fetched")));
    const statement = new Map<string, number | Buffer | readonly Buffer[]>([
      ["alg", -7],
      ["sig", Buffer.alloc(64)],
      ["x5c", [Buffer.alloc(100)]],
    ]);
    for (const format of ["packed", "fido-u2f", "android-key", "android-safetynet", "tpm", "apple"])
      assert.match(await refusal(() => registered("ann", { format, statement })), /maker/, format);
    assert.equal(fetched.mock.callCount(), 0);
  });

  it("refuse what is no response at all, without an error of the server", async () => {
    const authenticator = await registered("ann");
    const good = authenticator.get(await call(challenge, {}), { counter: 0 });
    const wrongs: Record<string, unknown>[] = [
      {},
      { id: 7, response: {} },
      { ...good, id: "" },
      { ...good, id: "a".repeat(1_365) },
      { ...good, response: [] },
      { ...good, response: { ...good.response, clientDataJSON: "!" } },
      { ...good, response: { ...good.response, clientDataJSON: Buffer.from("[]").toString("base64url") } },
      { ...good, response: { ...good.response, userHandle: 7 } },
      { ...good, response: { ...good.response, authenticatorData: "" } },
      { ...good, response: { ...good.response, authenticatorData: 7 } },
      { ...good, response: { ...good.response, signature: undefined } },
      { ...good, rawId: "x" },
      { ...good, type: "password" },
    ];
    for (const response of wrongs) {
      await refusal(() => call(signIn, { response }));
      await refusal(() => call(finish, { user: "ann", response }));
    }
    const made = new SoftAuthenticator(place).create(await call(begin, { user: "ben" }));
    for (const attestationObject of [undefined, 7, "", "oA", "v".repeat(10_000)])
      await refusal(() => call(finish, { user: "ben", response: { ...made, response: { ...made.response, attestationObject } } }));
    assert.deepEqual(await call(signIn, { response: good }), { user: "ann", counter: 0 }, "what was undone has not used the challenge");
  });

  it("need options that browsers accept", () => {
    for (const wrong of [
      { rpId: "https://example.com" },
      { rpId: "127.0.0.1", origins: ["http://127.0.0.1"] },
      { rpName: "" },
      { origins: [] },
      { origins: ["http://app.example.com"] },
      { origins: ["https://app.example.com/"] },
      { origins: ["https://badexample.com"] },
      { timeout: "30s" },
      { timeout: "11m" },
    ])
      assert.throws(() => passkeys("desk", { ...options, ...wrong } as never), { name: "AssertionError" }, JSON.stringify(wrong));
    assert.ok(passkeys("desk", { ...options, rpId: "localhost", origins: ["http://localhost:3000"] }));
  });

  it("load their package when they are first used, and not before", () => {
    const program = `
      import { registerHooks } from "node:module";
      registerHooks({ resolve: (name, context, next) => {
        if (name.startsWith("@simplewebauthn")) throw new Error("not installed");
        return next(name, context);
      } });
      const { passkeys } = await import("plimsoll/auth");
      const passkey = passkeys("desk", ${JSON.stringify(options)});
      const fault = await passkey.authentication({}).catch((error) => error);
      console.log(fault.type, fault.message.includes("npm install @simplewebauthn/server"));`;
    const node = ["--conditions=source", "--input-type=module", "-e", program];
    assert.equal(execFileSync(process.execPath, node, { encoding: "utf8" }).trim(), "simplewebauthn_not_installed true");
  });
});
