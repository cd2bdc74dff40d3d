import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { postgres } from "plimsoll/postgres";
import { FaultProxy, type TestApp, type TestDatabase, testActor, testApp, testDatabase } from "plimsoll/testing";
import { bank, deposit, double, getBalance, withdraw } from "./bank/bank.ts";
import { seen } from "./scratch.ts";
import { testServers } from "./servers.ts";

const alice = testActor({ id: "alice", tenant: "acme" });

for (const server of await testServers()) {
  describe(`a command's one transaction, on ${server.name}`, () => {
    let database: TestDatabase;
    let proxy: FaultProxy;
    let app: TestApp;
    let account = 0;

    before(async () => {
      database = await testDatabase({ modules: [bank], server });
      const { hostname, port } = new URL(database.url);
      proxy = new FaultProxy({ host: hostname, port: Number(port) });
      await proxy.start();
      app = await testApp({ modules: [bank], database: postgres({ url: proxy.through(database.url), connections: 4 }), actor: alice });
    });
    after(async () => {
      await app.stop();
      await proxy.stop();
      await database.drop();
      await server.stop();
    });

    /** An account of its own for each test. What is on its way for the one before ends first: no caller waits for the commit of a query. */
    async function open(balance: number): Promise<number> {
      account++;
      await seen(
        database.adminUrl,
        "select where not exists (select from pg_stat_activity where datname = current_database() and application_name = 'plimsoll-app' and state <> 'idle')",
      );
      await database.admin("insert into bank.accounts (tenant_id, id, owner, balance) values ('acme', $1, 'alice', $2)", [
        account,
        balance,
      ]);
      return account;
    }
    const entries = (id: number) => database.admin("select amount from bank.entries where account_id = $1", [id]);
    const balance = async (id: number) => (await app.call(getBalance, { id })).balance;
    const type = (error: unknown) => (error as { type: string }).type;

    it("commits state and record together, and answers a repeat with the same reply", async () => {
      const id = await open(100);
      const first = await app.call(withdraw, { id, amount: 30 }, { key: "repeat" });
      const again = await app.call(withdraw, { id, amount: 30 }, { key: "repeat" });
      assert.deepEqual(again, first);
      assert.equal(first.balance, 70);
      assert.equal((await entries(id)).length, 1);
    });

    it("takes at most two flights for a query and four for a command with a key, one read and one write", async () => {
      const id = await open(100);
      await app.call(getBalance, { id });
      await app.call(withdraw, { id, amount: 1 }, { key: "warm" });
      proxy.flights = 0;
      await app.call(getBalance, { id });
      const query = proxy.flights;
      proxy.flights = 0;
      await app.call(withdraw, { id, amount: 1 }, { key: "flights" });
      // This command writes twice: one flight more than the four of one read and one write.
      assert.ok(query <= 2, `query: ${query} flights`);
      assert.ok(proxy.flights <= 5, `command: ${proxy.flights} flights`);
    });

    it("refuses the same key with another input", async () => {
      const id = await open(100);
      await app.call(withdraw, { id, amount: 1 }, { key: "reused" });
      await assert.rejects(app.call(withdraw, { id, amount: 2 }, { key: "reused" }), { type: "idempotency_key_reused", status: 422 });
      assert.equal(await balance(id), 99);
    });

    it("keeps the keys of actors, tenants and operations apart", async () => {
      const id = await open(100);
      await app.call(withdraw, { id, amount: 1 }, { key: "mine" });
      await app.as(testActor({ id: "bob", tenant: "acme" })).call(withdraw, { id, amount: 2 }, { key: "mine" });
      assert.equal(await balance(id), 97);
    });

    it("runs concurrent duplicates once", async () => {
      const id = await open(100);
      const calls = Array.from({ length: 10 }, () => app.call(withdraw, { id, amount: 7 }, { key: "burst" }));
      const settled = await Promise.allSettled(calls);
      const replies = settled.filter((outcome) => outcome.status === "fulfilled");
      assert.ok(replies.length >= 1);
      for (const reply of replies) assert.deepEqual(reply.value, (replies[0] as (typeof replies)[number]).value);
      for (const outcome of settled) if (outcome.status === "rejected") assert.equal(type(outcome.reason), "idempotency_key_running");
      assert.equal(await balance(id), 93);
      assert.equal((await entries(id)).length, 1);
    });

    it("stores a declared fault, and undoes what the handler did before it", async () => {
      const id = await open(5);
      await assert.rejects(app.call(withdraw, { id, amount: 50 }, { key: "poor" }), { type: "poor", details: { id } });
      await app.call(deposit, { id, amount: 100 });
      // The earlier answer stands, although it could be done now.
      await assert.rejects(app.call(withdraw, { id, amount: 50 }, { key: "poor" }), { type: "poor", details: { id } });
      assert.equal((await entries(id)).length, 0);
    });

    it("does not believe a commit that was a rollback", async () => {
      const id = await open(100);
      await assert.rejects(app.call(withdraw, { id, amount: 10, swallow: true }, { key: "swallow" }), { code: "internal" });
      assert.equal(await balance(id), 100);
      assert.equal((await entries(id)).length, 0);
    });

    it("resolves a commit whose response was lost through its key", async () => {
      const id = await open(100);
      proxy.next({ containing: "commit", effect: "cut-after" });
      const reply = await app.call(withdraw, { id, amount: 10 }, { key: "lost-response" });
      assert.equal(reply.balance, 90);
      assert.deepEqual(await app.call(withdraw, { id, amount: 10 }, { key: "lost-response" }), reply);
      assert.equal((await entries(id)).length, 1);
    });

    it("runs a command with a key again when its commit never arrived", async () => {
      const id = await open(100);
      proxy.next({ containing: "commit", effect: "cut-before" });
      const executed = app.executed(withdraw);
      const reply = await app.call(withdraw, { id, amount: 10 }, { key: "lost-commit" });
      assert.equal(reply.balance, 90);
      assert.equal((await executed).attempt, 2);
      assert.equal((await entries(id)).length, 1);
    });

    describe("a declared fault whose commit was lost", () => {
      const poor = { type: "poor" };
      const stored = (key: string, id: number) => app.call(withdraw, { id, amount: 50 }, { key });

      it("is returned as it was kept, where only the response was lost", async () => {
        const id = await open(5);
        proxy.next({ containing: "commit", effect: "cut-after" });
        const executed = app.executed(withdraw);
        await assert.rejects(stored("fault-answer", id), poor);
        assert.equal((await executed).attempt, 1);
        await app.call(deposit, { id, amount: 100 });
        await assert.rejects(stored("fault-answer", id), poor);
        assert.equal((await entries(id)).length, 0);
      });

      it("is found again by another attempt, where the commit never arrived", async () => {
        const id = await open(5);
        proxy.next({ containing: "commit", effect: "cut-before" });
        const executed = app.executed(withdraw);
        await assert.rejects(stored("fault-commit", id), poor);
        assert.equal((await executed).attempt, 2);
        await app.call(deposit, { id, amount: 100 });
        await assert.rejects(stored("fault-commit", id), poor);
      });

      it("gives way to the reply of a caller that finished the same request meanwhile", async () => {
        const id = await open(5);
        const faulted = proxy.faulted.next();
        proxy.next({ containing: "commit", effect: "swallow" });
        const slow = stored("fault-overtaken", id);
        slow.catch(() => undefined);
        await faulted;
        // Its transaction ends on the server, and it is not notified.
        await database.admin(
          "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
        );
        await app.call(deposit, { id, amount: 100 });
        let reply: Awaited<typeof slow> | undefined;
        while (reply === undefined)
          reply = await stored("fault-overtaken", id).catch((error) => void assert.equal(type(error), "idempotency_key_running"));
        proxy.cutSwallowed();
        assert.deepEqual(await slow, reply);
        assert.equal((await entries(id)).length, 1);
        assert.equal(await balance(id), 55);
      });
    });

    it("tells the caller of a command without a key that the outcome is unknown, and does not run it again", async () => {
      const id = await open(100);
      proxy.next({ containing: "commit", effect: "cut-after" });
      await assert.rejects(app.call(deposit, { id, amount: 10 }), { code: "unavailable", type: "commit_outcome_unknown" });
      assert.equal(await balance(id), 110);
    });

    it("runs serializable commands again after a conflict", async () => {
      const id = await open(1);
      await Promise.all([app.call(double, { id }), app.call(double, { id }), app.call(double, { id })]);
      assert.equal(await balance(id), 8);
    });

    it("frees the key of an owner that was killed in the middle", async () => {
      const id = await open(100);
      const held = 4711;
      const blocker = await database.hold(held);
      const killed = app.call(withdraw, { id, amount: 10, hold: held }, { key: "killed" });
      killed.catch(() => undefined);
      const waiting = await database.waitForWaiter(held);
      await assert.rejects(app.call(withdraw, { id, amount: 10, hold: held }, { key: "killed" }), { type: "idempotency_key_running" });
      // With a time limit, it returns when the process has ended: the server notifies its client before it releases the locks.
      await database.admin("select pg_terminate_backend($1, 10000)", [waiting]);
      await assert.rejects(killed, { code: "unavailable" });
      await blocker.release();
      const reply = await app.call(withdraw, { id, amount: 10, hold: held }, { key: "killed" });
      assert.equal(reply.balance, 90);
      assert.equal((await entries(id)).length, 1);
    });

    it("stops the statement of a client that went away, undoes it, and uses the connection again", async () => {
      const id = await open(100);
      const held = 4712;
      const blocker = await database.hold(held);
      const leaving = new AbortController();
      const gone = app.call(withdraw, { id, amount: 10, hold: held }, { key: "gone", signal: leaving.signal });
      gone.catch(() => undefined);
      await database.waitForWaiter(held);
      leaving.abort();
      await assert.rejects(gone, { code: "cancelled" });
      await blocker.release();
      assert.equal(await balance(id), 100);
      assert.equal((await app.call(withdraw, { id, amount: 10 }, { key: "gone-later" })).balance, 90);
    });

    it("ends at the deadline with a handler still waiting, and keeps nothing", async () => {
      const id = await open(100);
      const held = 4713;
      const blocker = await database.hold(held);
      await assert.rejects(app.call(withdraw, { id, amount: 10, hold: held }, { key: "late", remainingMs: 150 }), {
        code: "deadline_exceeded",
      });
      await blocker.release();
      assert.equal(await balance(id), 100);
      assert.equal((await entries(id)).length, 0);
    });

    it("lets the server free the key of an owner whose connection is half-open", async () => {
      const id = await open(100);
      // The commit is held back: the owner sits in its transaction, neither lost nor in use, until the server ends it.
      proxy.next({ containing: "commit", effect: "hold" });
      const stuck = app.call(withdraw, { id, amount: 10 }, { key: "half-open", remainingMs: 4_000 });
      stuck.catch(() => undefined);
      await proxy.faulted.next();
      let reply: { balance: number } | undefined;
      while (reply === undefined) {
        reply = await app.call(withdraw, { id, amount: 10 }, { key: "half-open" }).catch((error) => {
          assert.equal(type(error), "idempotency_key_running");
          return database.admin("select pg_sleep(0.1)").then(() => undefined);
        });
      }
      assert.equal(reply.balance, 90);
      proxy.release();
      await stuck.catch(() => undefined);
      assert.equal(await balance(id), 90);
      assert.equal((await entries(id)).length, 1);
    });

    it("answers 503 while the server is away, and recovers by itself", async () => {
      const id = await open(100);
      proxy.down();
      await assert.rejects(app.call(getBalance, { id }), { code: "unavailable" });
      await assert.rejects(app.call(withdraw, { id, amount: 1 }, { key: "down" }), { code: "unavailable" });
      proxy.up();
      let reply: { balance: number } | undefined;
      while (reply === undefined) reply = await app.call(withdraw, { id, amount: 1 }, { key: "down" }).catch(() => undefined);
      assert.equal(reply.balance, 99);
    });

    it("shows nothing to another tenant", async () => {
      const id = await open(100);
      await assert.rejects(app.as(testActor({ id: "alice", tenant: "globex" })).call(getBalance, { id }), { code: "internal" });
      await assert.rejects(app.as(testActor({ id: "alice" })).call(getBalance, { id }), { code: "internal" });
    });
  });
}
