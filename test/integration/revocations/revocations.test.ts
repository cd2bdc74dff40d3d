import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { App, DirectCall } from "plimsoll";
import { issueApiKey, jwtIssuer } from "plimsoll/auth";
import { FaultProxy, type TestDatabase, testDatabase } from "plimsoll/testing";
import { limits } from "../../../src/core/limits.ts";
import { silentProxy } from "../connections/silent-proxy.ts";
import { type AccountsSpec, accounts, end, modules, signing } from "./accounts.ts";

const sessions = jwtIssuer({ ...signing, ttl: "1h" });
const sign = async (subject: string, tenant = "acme") => (await sessions.sign({ subject, tenant })).token;
const jtiOf = (token: string): string => JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).jti;

/** A process of the app on its own. */
class Other implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly #url: string;
  constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.#url = url;
  }

  static async start(spec: AccountsSpec): Promise<Other> {
    const child = fork(new URL("./process.ts", import.meta.url), [JSON.stringify(spec)], { execArgv: ["--conditions=source"] });
    const [{ url }] = (await once(child, "message")) as [{ url: string }];
    return new Other(child, url);
  }

  /** The status of a request with credentials, and the type of its fault. */
  async ask(credentials: string): Promise<string> {
    const response = await fetch(new URL("/whoami", this.#url), {
      method: "POST",
      headers: { authorization: `Bearer ${credentials}` },
    });
    const { type = "" } = (await response.json()) as { readonly type?: string };
    return `${response.status} ${type.replace("urn:plimsoll:", "")}`.trim();
  }

  /** How long it takes until it responds so. */
  /** For how long it was asked and had not what is wanted: a machine that is busy delays replies, and that does not count. */
  async msUntil(credentials: string, wanted: string, withinMs = 2_000): Promise<number> {
    const since = performance.now();
    for (let tookMs = 0; ; ) {
      const askedMs = performance.now() - since;
      const got = await this.ask(credentials);
      if (got === wanted) return tookMs;
      tookMs = askedMs;
      assert.ok(tookMs < withinMs, `${got} after ${Math.round(tookMs)} ms`);
      await pause(2);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL");
    await once(this.child, "exit");
  }
}

interface Ended {
  readonly session?: string;
  readonly user?: string;
  readonly key?: string;
  readonly tenant?: string;
  readonly fails?: boolean;
}

const revoked = "401 token_revoked";

describe("credentials that were revoked", () => {
  let database: TestDatabase;
  let app: App;
  const key = issueApiKey("acc");
  const spec = (more: Partial<AccountsSpec> = {}): AccountsSpec => ({ url: database.url, keys: [key], ...more });
  before(async () => {
    database = await testDatabase({ modules });
    app = accounts(spec());
    await app.start();
  });
  after(async () => {
    await app.stop();
    await database.drop();
  });
  const revoke = (what: Ended, call?: DirectCall) => app.call(end, what, call);
  const isSoon = (tookMs: number) => assert.ok(tookMs < limits.revocationListMs, `${tookMs} ms`);

  it("are refused by another process within a second of the commit, and by its own", async () => {
    await using other = await Other.start(spec());
    const [one, two, kept] = [await sign("ann"), await sign("ben"), await sign("cat")];
    for (const credentials of [one, two, kept, key.key]) assert.equal(await other.ask(credentials), "200");
    await revoke({ session: jtiOf(one) });
    isSoon(await other.msUntil(one, revoked));
    await revoke({ user: "ben", tenant: "acme" });
    isSoon(await other.msUntil(two, revoked));
    await revoke({ key: key.id });
    isSoon(await other.msUntil(key.key, revoked));
    const request = (token: string) =>
      new Request("http://accounts/whoami", { method: "POST", headers: { authorization: `Bearer ${token}` } });
    assert.equal((await app.fetch(request(one))).status, 401);
    assert.equal((await app.fetch(request(kept))).status, 200);
    assert.equal(await other.ask(kept), "200");
  });

  it("are those of a transaction that committed, and of its tenant", async () => {
    await using other = await Other.start(spec());
    const [mine, theirs] = [await sign("dan"), await sign("dan", "globex")];
    const admin = { id: "eve", kind: "user", roles: [], tenant: "acme", claims: { tid: "acme" } } as const;
    await assert.rejects(revoke({ user: "dan", fails: true }, { actor: admin }));
    await assert.rejects(revoke({ user: "dan", tenant: "globex" }, { actor: admin }), { type: "other_tenant" });
    assert.equal(await other.ask(mine), "200");
    await revoke({ user: "dan" }, { actor: admin });
    isSoon(await other.msUntil(mine, revoked));
    assert.equal(await other.ask(theirs), "200");
  });

  it("are refused in time by a process whose session was cut, or is silent, and others are not", async () => {
    const { hostname: host, port } = new URL(database.url);
    await using cut = new FaultProxy({ host, port: Number(port) });
    await cut.start();
    await using silent = await silentProxy(database.url);
    await using one = await Other.start(spec({ directUrl: cut.through(database.url) }));
    await using two = await Other.start(spec({ directUrl: silent.through(database.url) }));
    const [kept, ended] = [await sign("flo"), await sign("gus")];
    for (const other of [one, two]) for (const token of [kept, ended]) assert.equal(await other.ask(token), "200");
    cut.down();
    silent.forget();
    await revoke({ session: jtiOf(ended) });
    const tookMs = await Promise.all([one.msUntil(ended, revoked), two.msUntil(ended, revoked)]);
    tookMs.forEach(isSoon);
    for (const other of [one, two]) assert.equal(await other.ask(kept), "200");
  });

  it("are refused by a process that was stopped when they were revoked", async () => {
    await using other = await Other.start(spec());
    const [kept, ended] = [await sign("hal"), await sign("ida")];
    for (const token of [kept, ended]) assert.equal(await other.ask(token), "200");
    other.child.kill("SIGSTOP");
    await revoke({ session: jtiOf(ended) });
    const asked = [other.ask(ended), other.ask(kept)];
    await pause(limits.revocationListMs);
    other.child.kill("SIGCONT");
    assert.deepEqual(await Promise.all(asked), [revoked, "200"]);
  });

  for (const [withoutList, outcome] of [
    ["refuse", "503 revocations_unavailable"],
    ["accept", "200"],
  ] as const)
    it(`with withoutList "${withoutList}" are ${outcome} while no process of theirs reaches the database`, async () => {
      const { hostname: host, port } = new URL(database.url);
      await using network = new FaultProxy({ host, port: Number(port) });
      await network.start();
      await using other = await Other.start(spec({ url: network.through(database.url), revocations: { withoutList } }));
      const token = await sign("jo");
      assert.equal(await other.ask(token), "200");
      network.set({ connections: "silence" });
      network.reset();
      await pause(limits.revocationListMs);
      assert.equal(await other.ask(token), outcome);
      network.heal();
      await other.msUntil(token, "200", 20_000);
    });
});
