import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { type App, type Clock, command, createApp, lock, module, systemClock } from "../../src/index.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { session } from "../integration/scratch.ts";
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

describe("locks", async () => {
  const servers = await testServers();
  let database: TestDatabase;
  const apps: App[] = [];
  const start = async (clock?: Clock): Promise<App> => {
    const app = createApp({ modules: [t], database, roles: ["http"], ...(clock && { clock }) });
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

  it("are refused at once to whoever does not want to wait", async () => {
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

  it("make the next holder wait for a fenced transaction that is open", async () => {
    const one = await start();
    const token = await one.locks.hold(cleaning, async (held) => held.token);
    const waits = async () => {
      const [row] = await database.admin<{ n: number }>(
        "select count(*)::integer as n from pg_stat_activity where datname = current_database() and query like '%acquire_lock%' and wait_event_type = 'Lock'",
      );
      return row!.n > 0;
    };
    let held = false;
    let next: Promise<unknown>;
    {
      await using _open = await session(database.adminUrl, "begin", `select plimsoll.fence('t.cleaning', ${token})`);
      next = one.locks.hold(cleaning, async () => {
        held = true;
      });
      while (!(await waits()));
      assert.equal(held, false);
    }
    await next;
    assert.equal(held, true);
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
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      }),
      { code: "aborted", type: "lock_lost" },
    );
    await database.admin("update plimsoll.locks set expires_at = '-infinity'");
  });
});
