import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { Client } from "pg";
import { z } from "zod";
import { type App, type Clock, command, createApp, lock, module, systemClock } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { seen, session } from "../integration/scratch.ts";
import { testServers } from "../integration/servers.ts";

const cleaning = lock("t.cleaning", { lease: "1s" });
const fenced = z.object({ token: z.int(), fence: z.boolean() });
/** Writes who did it; with the fence only where it is the last holder. */
const write = command("t.write", {
  input: fenced,
  output: z.object({}),
  access: "public",
  idempotent: "no",
  budget: "5s",
  async run({ token, fence }, { sql }) {
    if (fence) await cleaning.fence(sql, token);
    await sql`select set_config('t.last', ${String(token)}, true)`.run();
    return {};
  },
});
const t = module("t", { operations: [write] });

/** A process that stands still: none of its timers fires. */
const frozen: Clock = { ...systemClock, schedule: () => ({ cancel: () => undefined }) };

const aborted = (signal: AbortSignal) => new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));

describe("locks", async () => {
  const servers = await testServers();
  let database: TestDatabase;
  const apps: App[] = [];
  const start = async (clock?: Clock): Promise<App> => {
    const app = createApp({ modules: [t], database, roles: ["serve"], ...(clock && { clock }) });
    await app.start();
    apps.push(app);
    return app;
  };
  before(async () => {
    database = await testDatabase({ modules: [t], server: servers[0]! });
  });
  after(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    await database.drop();
    for (const server of servers) await server.stop();
  });

  it("are held by one at a time, each with a higher token", async () => {
    const [one, other] = [await start(), await start()];
    const seen: number[] = [];
    let holders = 0;
    const hold = (app: App) =>
      app.locks.hold(cleaning, async ({ token }) => {
        assert.equal(++holders, 1, "two hold it");
        seen.push(token);
        await app.call(write, { token, fence: true });
        holders--;
      });
    await Promise.all([one, other, one, other, one].map(hold));
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(seen).size, 5);
  });

  it("are refused at once to a caller that does not want to wait", async () => {
    const [one, other] = [await start(), await start()];
    await one.locks.hold(cleaning, async () => {
      await assert.rejects(
        other.locks.hold(cleaning, async () => assert.fail("it is held"), { wait: 0 }),
        { code: "unavailable", type: "lock_held" },
      );
    });
  });

  it("let go of what was held when the work fails", async () => {
    const one = await start();
    await assert.rejects(
      one.locks.hold(cleaning, async () => {
        throw new TypeError("the work's own");
      }),
      TypeError,
    );
    await one.locks.hold(cleaning, async () => undefined, { wait: 0 });
  });

  /** A holder stands still until another has the lock, and then writes. Returns whose writes were accepted. */
  async function overlap(fence: boolean): Promise<string[]> {
    const [still, other] = [await start(frozen), await start()];
    const accepted: string[] = [];
    const tryToWrite = async (who: string, app: App, token: number) => {
      const done = await app.call(write, { token, fence }).then(
        () => true,
        (error) => assert.equal(error.type, "lock_lost") as never,
      );
      if (done) accepted.push(who);
    };
    const begun = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const first = still.locks.hold(cleaning, async ({ token }) => {
      begun.resolve();
      await taken.promise;
      await tryToWrite("still", other, token);
    });
    await begun.promise;
    await other.locks.hold(cleaning, async ({ token }) => {
      await tryToWrite("other", other, token);
      taken.resolve();
      await first.catch(() => undefined);
    });
    return accepted;
  }

  it("accept only the last holder's writes, also from one who stood still until its lease was over", async () =>
    assert.deepEqual(await overlap(true), ["other"]));

  it("would let both write without the fence: the test can tell", async () => assert.deepEqual(await overlap(false), ["other", "still"]));

  describe("with a fenced transaction that is open", () => {
    const name = "t.cleaning";
    const acquire = `select plimsoll.acquire_lock('${name}', 'by hand', 60000) as token`;
    const fence = (token: number) => `select plimsoll.fence('${name}', ${token})`;
    const free = "update plimsoll.locks set expires_at = '-infinity'";
    const acquired = async () => Number((await database.admin<{ token: string }>(acquire))[0]!.token);
    const waitsForLock = (pid: number) => seen(database.adminUrl, "select from pg_locks where pid = $1 and not granted", [pid]);
    const pidOf = async (client: Client) => (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid;
    beforeEach(async () => void (await database.admin(free)));
    after(async () => void (await database.admin(free)));

    it("make others come after it, who do not wait meanwhile", async () => {
      const one = await start();
      const token = await one.locks.hold(cleaning, async (held) => held.token);
      {
        await using _open = await session(database.adminUrl, "begin", fence(token));
        await assert.rejects(
          one.locks.hold(cleaning, async () => assert.fail("it came between"), { wait: 0 }),
          { type: "lock_held" },
        );
      }
      await one.locks.hold(cleaning, async (held) => assert.ok(held.token > token));
    });

    it("let its holder renew all the same", async () => {
      const token = await acquired();
      await using _open = await session(database.adminUrl, "begin", fence(token));
      const renewing = "set local lock_timeout = 1; select plimsoll.renew_lock($1, $2, 60000) as renewed";
      await using other = await session(database.adminUrl, "begin", renewing.split(";")[0]!);
      const { rows } = await other.query(renewing.split(";")[1]!, [name, token]);
      assert.deepEqual(rows, [{ renewed: true }]);
    });

    for (const [ends, outcome] of [
      ["commit", "refuse"],
      ["rollback", "accept"],
    ] as const)
      it(`${outcome} a fence that came while another acquired, once that is a ${ends}`, async () => {
        const token = await acquired();
        // Renewed and acquired: the fence must follow the row through both.
        await using acquirer = await session(database.adminUrl, "begin", "update plimsoll.locks set expires_at = now()", free, acquire);
        await using stale = await session(database.adminUrl, "begin");
        const pid = await pidOf(stale);
        const fenced = stale.query(fence(token)).then(
          () => "accept",
          ({ code }) => (code === "PL002" ? "refuse" : code),
        );
        await waitsForLock(pid);
        await acquirer.query(ends);
        assert.equal(await fenced, outcome);
      });

    it("refuse a fence in a snapshot from before another acquired, at every isolation", async () => {
      for (const [isolation, code] of [
        ["read committed", "PL002"],
        ["repeatable read", "40001"],
        ["serializable", "40001"],
      ]) {
        await database.admin(free);
        const token = await acquired();
        await using stale = await session(database.adminUrl, `begin isolation level ${isolation}`, "select from plimsoll.locks");
        await database.admin(free);
        await acquired();
        await assert.rejects(stale.query(fence(token)), { code }, isolation);
      }
    });

    it("are not held again by a renewal that arrives after they were let go", async () => {
      const token = await acquired();
      await database.admin("select plimsoll.release_lock($1, $2)", [name, token]);
      const [row] = await database.admin("select plimsoll.renew_lock($1, $2, 60000) as renewed", [name, token]);
      assert.deepEqual(row, { renewed: false });
      assert.equal(await acquired(), token + 1);
    });
  });

  describe("when the database's clock jumps", () => {
    const jump = (by: string) => database.admin("select plimsoll.set_clock_offset($1)", [by]);
    after(() => jump("0"));

    it("forward, pass to others, and what the first holder writes is refused", async () => {
      const [one, other] = [await start(), await start()];
      const second = one.locks.hold(cleaning, async ({ token, signal }) => {
        await jump("1h");
        const higher = await other.locks.hold(cleaning, async (held) => held.token, { wait: 0 });
        assert.ok(higher > token);
        assert.equal(signal.aborted, false, "it does not know yet");
        await assert.rejects(one.call(write, { token, fence: true }), { type: "lock_lost" });
        await aborted(signal);
      });
      await assert.rejects(second, { code: "aborted", type: "lock_lost" });
    });

    it("back, stay with their holder; and are free after a lease where that is lost", async () => {
      const [one, other] = [await start(), await start()];
      await jump("1h");
      await one.locks.hold(cleaning, async ({ token }) => {
        await jump("0");
        await assert.rejects(
          other.locks.hold(cleaning, async () => undefined, { wait: 0 }),
          { type: "lock_held" },
        );
        await one.call(write, { token, fence: true });
      });
      await database.admin("update plimsoll.locks set expires_at = plimsoll.now() + interval '1 hour'");
      await other.locks.hold(cleaning, async () => undefined, { wait: "5s" });
    });
  });

  describe("whose holder is cut off from the database", () => {
    for (const [how, cut] of [
      ["and are reported as lost", (proxy: FaultProxy) => proxy.down()],
      ["and no reply comes", (proxy: FaultProxy) => proxy.next({ containing: "renew_lock", effect: "swallow" })],
    ] as const)
      it(`${how}, are given up before another has them`, async () => {
        const { hostname: host, port } = new URL(database.url);
        await using proxy = new FaultProxy({ host, port: Number(port || 5432) });
        await proxy.start();
        const one = createApp({ modules: [t], database: postgres({ url: proxy.through(database.url) }), roles: ["serve"] });
        await one.start();
        const other = await start();
        const held = one.locks.hold(cleaning, async ({ token, signal }) => {
          const next = other.locks.hold(cleaning, async (later) => {
            assert.ok(signal.aborted, "two hold it, and the first does not know");
            assert.ok(later.token > token);
            await assert.rejects(other.call(write, { token, fence: true }), { type: "lock_lost" });
          });
          cut(proxy);
          await aborted(signal);
          await next;
        });
        await assert.rejects(held, { code: "aborted", type: "lock_lost" });
        proxy.down();
        await one.stop();
      });
  });

  it("elect one leader, and another when it steps down", async () => {
    const [one, other] = [await start(), await start()];
    const office = lock("t.office", { lease: "1s" });
    const first = one.locks.lead(office);
    const { token } = await first.elected.next();
    const second = other.locks.lead(office);
    const elected = second.elected.next();
    assert.deepEqual([first.isLeader, second.isLeader], [true, false]);
    const deposed = first.deposed.next();
    await first.stop();
    assert.deepEqual(await deposed, { token });
    assert.equal(first.isLeader, false);
    assert.ok((await elected).token > token);
    await second.stop();
  });

  it("abort their signal when they are lost, and say so", async () => {
    const one = await start();
    await assert.rejects(
      one.locks.hold(cleaning, async ({ signal }) => {
        await database.admin("update plimsoll.locks set token = token + 1 where name = 't.cleaning'");
        await aborted(signal);
      }),
      { code: "aborted", type: "lock_lost" },
    );
    await database.admin("update plimsoll.locks set expires_at = '-infinity'");
  });
});
