import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { Signal } from "../../src/core/signals.ts";
import { type App, createApp } from "../../src/index.ts";
import { postgres } from "../../src/postgres/index.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { type TestDatabase, testDatabase } from "../../src/testing/database.ts";
import { FaultProxy } from "../../src/testing/fault-proxy.ts";
import { seen } from "../integration/scratch.ts";
import { FreezingClock, stale, turf, w, write, written } from "./writes.ts";

const pauses = 10;
const stops = 2;
const others = 3;

/** A process, and the network between it and the database. */
interface Contender {
  readonly app: App;
  readonly clock: FreezingClock;
  readonly proxy: FaultProxy;
}

describe("holders of one lock", () => {
  let database: TestDatabase;
  before(async () => {
    database = await testDatabase({ modules: [w] });
  });
  after(() => database.drop());
  const clear = () => database.admin("truncate w.writes; update plimsoll.locks set expires_at = '-infinity'");

  async function contender(): Promise<Contender> {
    const { hostname: host, port } = new URL(database.url);
    const proxy = new FaultProxy({ host, port: Number(port || 5432) });
    await proxy.start();
    const clock = new FreezingClock();
    const app = createApp({ modules: [w], database: postgres({ url: proxy.through(database.url) }), roles: ["serve"], clock });
    await app.start();
    return { app, clock, proxy };
  }

  /** One holds, pauses until another has written, and writes; the others hold in turns, on a network that fails. */
  async function contend(seed: number, fence: boolean): Promise<readonly string[]> {
    await clear();
    const dice = new TestClock({ seed });
    const accepted = new Signal<number>("accepted");
    const [pausing, ...honest] = await Promise.all(Array.from({ length: others + 1 }, contender));
    const refused: string[] = [];
    let ends = false;
    let offsetMs = 0;
    // The others go after the lock while one pauses, and let it have the lock in between.
    let pause = Promise.withResolvers<void>();
    const put = async ({ app }: Contender, token: number) => {
      try {
        await app.call(write, { token, by: String(app === pausing!.app), fence });
        accepted.publish(token);
      } catch (error) {
        refused.push((error as { type: string }).type);
      }
    };
    const jump = async (byMs: number) => {
      offsetMs += byMs;
      await database.admin("select plimsoll.set_clock_offset($1 * interval '1 millisecond')", [offsetMs]);
    };
    const weather = ({ proxy }: Contender) => {
      const fault = (["cut-before", "cut-after", "down"] as const)[Math.floor(dice.random() * 6)];
      if (fault === "down") proxy.down();
      else if (fault !== undefined) proxy.next({ containing: dice.random() < 0.5 ? "commit" : "plimsoll.", effect: fault });
      proxy.up();
    };
    const takeTurns = async (one: Contender) => {
      while (!ends) {
        await pause.promise;
        await one.app.locks
          .hold(turf, async ({ token }) => {
            weather(one);
            await put(one, token);
          })
          .catch(() => undefined);
      }
    };
    const turns = honest.map(takeTurns);
    for (let n = 0; n < pauses; ) {
      await pausing!.app.locks
        .hold(turf, async ({ token }) => {
          await put(pausing!, token);
          const overtaken = accepted.next((other) => other > token);
          pausing!.clock.freeze();
          pause.resolve();
          // Either the database's clock jumps, also back later on, or the lease ends by itself.
          if (n % 4 !== 0) await jump(dice.random() < 0.7 ? 2_000 : 86_400_000);
          await overtaken;
          pause = Promise.withResolvers<void>();
          for (let i = 0; i < 3; i++) await put(pausing!, token);
          pausing!.clock.thaw();
          if (n % 4 === 3) await jump(-offsetMs);
          n++;
        })
        .catch(() => undefined);
    }
    ends = true;
    pause.resolve();
    await Promise.all(turns);
    await Promise.all([pausing!, ...honest].map(({ app }) => app.stop()));
    await Promise.all([pausing!, ...honest].map(({ proxy }) => proxy.stop()));
    await jump(-offsetMs);
    return refused;
  }

  for (const seed of [1, 2])
    it(`never write between each other's writes, whatever pauses, jumps or is cut (seed ${seed})`, async () => {
      const refused = await contend(seed, true);
      assert.deepEqual(stale(await written(database)), []);
      const lost = refused.filter((type) => type === "lock_lost").length;
      assert.ok(lost >= 3 * pauses, `of ${3 * pauses} stale writes ${lost} were refused`);
    });

  it("do so without the fence: the same test finds it", async () => {
    await contend(1, false);
    assert.ok(stale(await written(database)).length >= pauses);
  });

  /** Stops whole processes while they hold, until another holds, and lets them go on. Returns what the processes were refused with. */
  async function stopProcesses(fence: "fence" | "none"): Promise<readonly string[]> {
    await clear();
    const refused: string[] = [];
    const children = Array.from({ length: others }, () => {
      const child: ChildProcess = fork(new URL("./contender.ts", import.meta.url), [database.url, fence], {
        execArgv: ["--conditions=source"],
      });
      return child.on("message", ({ type }: { type: string }) => refused.push(type));
    });
    try {
      for (let n = 0, newest = 0; n < stops; n++) {
        const holder = "select token::integer, by from w.writes where token > $1 order by seq desc limit 1";
        const { token, by } = await seen<{ token: number; by: string }>(database.adminUrl, holder, [newest]);
        const child = children.find(({ pid }) => pid === Number(by))!;
        child.kill("SIGSTOP");
        await seen(database.adminUrl, "select from w.writes where token > $1", [token]);
        const message = once(child, "message");
        child.kill("SIGCONT");
        await message;
        newest = token;
      }
    } finally {
      for (const child of children) child.kill("SIGCONT");
      for (const child of children) child.send("end");
      await Promise.all(children.map((child) => once(child, "exit")));
    }
    return refused;
  }

  it("that are stopped as whole processes neither", async () => {
    const refused = await stopProcesses("fence");
    assert.deepEqual(stale(await written(database)), []);
    assert.ok(refused.includes("lock_lost"), "no process wrote after it was stopped");
  });

  it("that are stopped as whole processes do without the fence", async () => {
    await stopProcesses("none");
    assert.notEqual(stale(await written(database)).length, 0);
  });
});
