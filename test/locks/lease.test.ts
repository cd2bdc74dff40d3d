import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { limits } from "../../src/core/limits.ts";
import { Locks } from "../../src/locks/locks.ts";
import type { LockStore } from "../../src/locks/store.ts";
import { lock } from "../../src/operation/durable/lock.ts";
import { TestClock } from "../../src/testing/clock.ts";

const office = lock("t.office", { lease: "12s" });
const gone = () => Promise.reject(new RangeError("the database is gone"));
const never = () => new Promise<never>(() => undefined);

/** A process that can stand still: time goes on, and no timer runs. */
class PausingClock extends TestClock {
  #stoodMs = 0;
  override monotonic(): number {
    return super.monotonic() + this.#stoodMs;
  }
  pause(ms: number): void {
    this.#stoodMs += ms;
  }
}

/** A store that grants everything, unless a test says how it answers, and tells what it was asked and when. */
function setUp(answers: Partial<LockStore> = {}) {
  const clock = new PausingClock();
  const asked: [what: string, atMs: number][] = [];
  const note = (what: string) => void asked.push([what, clock.monotonic()]);
  let token = 0;
  const store: LockStore = {
    acquire: (lock, holder) => {
      note("acquire");
      return answers.acquire?.(lock, holder) ?? Promise.resolve(++token);
    },
    renew: (lock, renewed) => {
      note("renew");
      return answers.renew?.(lock, renewed) ?? Promise.resolve(true);
    },
    release: (lock, released) => {
      note("release");
      return answers.release?.(lock, released) ?? Promise.resolve();
    },
  };
  return { clock, asked, answers, locks: new Locks({ store, clock, holder: "test" }) };
}

/** Holds the lock until the signal aborts; tells when that was. */
function holding({ locks, clock }: ReturnType<typeof setUp>) {
  const state = { abortedAtMs: undefined as number | undefined, outcome: undefined as unknown };
  void locks
    .hold(office, ({ signal }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => {
        state.abortedAtMs = clock.monotonic();
        resolve();
      });
      return promise;
    })
    .catch(({ type }) => {
      state.outcome = type;
    });
  return state;
}

const times = (asked: readonly [string, number][], of: string) => asked.filter(([what]) => what === of).map(([, at]) => at);

describe("a lease", () => {
  it("is renewed at each third of its length, for as long as the work takes", async () => {
    const test = setUp();
    const state = holding(test);
    await test.clock.advanceAsync(100_000);
    assert.equal(state.abortedAtMs, undefined);
    assert.deepEqual(
      times(test.asked, "renew"),
      Array.from({ length: 25 }, (_, i) => 4_000 * (i + 1)),
    );
  });

  for (const [what, renew] of [
    ["refuses to answer", gone],
    ["never answers", never],
  ] as const)
    it(`is lost four fifths after the last renewal where the store ${what}, before others may have it`, async () => {
      const test = setUp();
      const state = holding(test);
      await test.clock.advanceAsync(4_000);
      test.answers.renew = renew;
      await test.clock.advanceAsync(9_599);
      assert.equal(state.abortedAtMs, undefined);
      await test.clock.advanceAsync(1);
      assert.deepEqual(state, { abortedAtMs: 13_600, outcome: "lock_lost" });
    });

  it("goes on where the store is gone for a while only", async () => {
    const test = setUp({ renew: gone });
    const state = holding(test);
    await test.clock.advanceAsync(7_000);
    delete test.answers.renew;
    await test.clock.advanceAsync(30_000);
    assert.equal(state.abortedAtMs, undefined);
  });

  it("is lost at once where another has it", async () => {
    const test = setUp({ renew: () => Promise.resolve(false) });
    const state = holding(test);
    await test.clock.advanceAsync(4_000);
    assert.deepEqual(state, { abortedAtMs: 4_000, outcome: "lock_lost" });
  });

  it("counts from when its renewal was asked for, not from the answer", async () => {
    const test = setUp();
    const state = holding(test);
    const answer = Promise.withResolvers<boolean>();
    test.answers.renew = () => answer.promise;
    await test.clock.advanceAsync(9_000);
    test.answers.renew = never;
    answer.resolve(true);
    await test.clock.advanceAsync(4_599);
    assert.equal(state.abortedAtMs, undefined);
    await test.clock.advanceAsync(1);
    assert.equal(state.abortedAtMs, 4_000 + 9_600);
  });

  it("is not renewed by an answer that comes too late", async () => {
    const answer = Promise.withResolvers<boolean>();
    const test = setUp({ renew: () => answer.promise });
    const state = holding(test);
    await test.clock.advanceAsync(9_600);
    answer.resolve(true);
    await test.clock.advanceAsync(0);
    assert.deepEqual(state, { abortedAtMs: 9_600, outcome: "lock_lost" });
  });

  it("is let go and asked for again where the answer took most of it", async () => {
    const test = setUp();
    let slow = true;
    test.answers.acquire = () => {
      if (slow) test.clock.pause(9_600);
      slow = false;
      return Promise.resolve(7);
    };
    const held = test.locks.hold(office, async ({ token }) => token, { wait: "1m" });
    await test.clock.advanceAsync(1_000);
    assert.equal(await held, 7);
    assert.deepEqual(
      test.asked.map(([what]) => what),
      ["acquire", "release", "acquire", "release"],
    );
  });

  it("is let go once the work is done, although a renewal is on its way", async () => {
    const test = setUp({ renew: never });
    const work = Promise.withResolvers<string>();
    const held = test.locks.hold(office, () => work.promise);
    await test.clock.advanceAsync(4_000);
    work.resolve("done");
    assert.equal(await held, "done");
    assert.deepEqual(times(test.asked, "release"), [4_000]);
    assert.equal(test.clock.pending, 0, "a timer is left");
  });
});

describe("waiting for a lock", () => {
  const held: Partial<LockStore> = { acquire: () => Promise.resolve(undefined) };
  const outcome = (hold: Promise<unknown>) =>
    hold.then(
      () => "held",
      ({ type }) => type as string,
    );

  it("is refused after as long as one wants to wait, or at once", async () => {
    for (const [wait, ms] of [
      ["3s", 3_000],
      [0, 0],
    ] as const) {
      const { clock, locks, asked } = setUp(held);
      const refused = outcome(locks.hold(office, never, { wait })).then((type) => [type, clock.monotonic()]);
      await clock.advanceAsync(3_000);
      assert.deepEqual(await refused, ["lock_held", ms]);
      assert.equal(times(asked, "acquire").at(-1), ms);
    }
  });

  it("asks the store no more often for many than for one", async () => {
    const [one, many] = [setUp(held), setUp(held)];
    void outcome(one.locks.hold(office, never));
    for (let i = 0; i < 100; i++) void outcome(many.locks.hold(office, never));
    for (const { clock } of [one, many]) await clock.advanceAsync(9_000);
    assert.equal(times(many.asked, "acquire").length, times(one.asked, "acquire").length);
  });

  it("is served in order, each as soon as the one before it lets go", async () => {
    const { clock, locks } = setUp();
    const served: number[] = [];
    await Promise.all([1, 2, 3, 4].map((n) => locks.hold(office, async () => void served.push(n))));
    assert.deepEqual([served, clock.monotonic()], [[1, 2, 3, 4], 0]);
  });

  it("goes on to the next where the one before gives up, fails, or has lost it and works on", async () => {
    const test = setUp();
    const lost = holding(test);
    const first = outcome(test.locks.hold(office, never, { wait: "1s" }));
    const second = outcome(test.locks.hold(office, gone, { wait: "20s" }));
    const third = outcome(test.locks.hold(office, async () => undefined, { wait: "20s" }));
    await test.clock.advanceAsync(1_000);
    assert.equal(await first, "lock_held");
    test.answers.renew = () => Promise.resolve(false);
    await test.clock.advanceAsync(3_000);
    assert.equal(lost.abortedAtMs, 4_000);
    assert.deepEqual([await second, await third], [undefined, "held"]);
  });

  it("is refused at once where too many wait already", async () => {
    const { clock, locks } = setUp(held);
    for (let i = 0; i <= limits.lockQueue; i++) void outcome(locks.hold(office, never));
    assert.equal(await outcome(locks.hold(office, never)), "lock_held");
    assert.equal(clock.monotonic(), 0);
  });
});

describe("a leader", () => {
  it("knows that it leads no more when its process stood still, before any timer ran", async () => {
    const { clock, locks } = setUp();
    const leadership = locks.lead(office);
    const { token } = await leadership.elected.next();
    assert.deepEqual([leadership.isLeader, leadership.token], [true, token]);
    clock.pause(9_600);
    assert.deepEqual([leadership.isLeader, leadership.token], [false, undefined]);
  });

  it("stands again when it was deposed, with a higher token", async () => {
    const test = setUp({ renew: () => Promise.resolve(false) });
    const leadership = test.locks.lead(office);
    const first = await leadership.elected.next();
    const deposed = leadership.deposed.next();
    const again = leadership.elected.next();
    await test.clock.advanceAsync(4_000);
    assert.deepEqual(await deposed, first);
    await test.clock.advanceAsync(limits.lockPollMs);
    assert.ok((await again).token > first.token);
  });

  it("lets go at once when it steps down, and is not elected any more", async () => {
    const { clock, locks, asked } = setUp();
    const leadership = locks.lead(office);
    await leadership.elected.next();
    await leadership.stop();
    assert.equal(leadership.isLeader, false);
    await clock.advanceAsync(60_000);
    assert.deepEqual(
      asked.map(([what, at]) => [what, at]),
      [
        ["acquire", 0],
        ["release", 0],
      ],
    );
  });

  it("that is elected while it steps down says nothing of it", async () => {
    const acquired = Promise.withResolvers<number>();
    const { locks, asked } = setUp({ acquire: () => acquired.promise });
    const leadership = locks.lead(office);
    leadership.elected.on(() => assert.fail("it stepped down"));
    const stopped = leadership.stop();
    acquired.resolve(1);
    await stopped;
    assert.equal(times(asked, "release").length, 1);
  });
});

describe("a stop", () => {
  it("steps down and refuses who waits at once, and lets what is held end by itself", async () => {
    const test = setUp();
    const [other, work] = [lock("t.other"), Promise.withResolvers<string>()];
    const leadership = test.locks.lead(other);
    await leadership.elected.next();
    const held = test.locks.hold(office, () => work.promise);
    const waits = assert.rejects(test.locks.hold(office, never), { type: "shutting_down" });
    await test.clock.advanceAsync(0);
    const stopped = test.locks.stop(30_000);
    await waits;
    assert.equal(leadership.isLeader, false);
    await assert.rejects(test.locks.hold(lock("t.third"), never), { type: "shutting_down" });
    await test.clock.advanceAsync(20_000);
    work.resolve("done");
    assert.equal(await held, "done");
    await stopped;
    assert.equal(test.clock.monotonic(), 20_000);
  });

  it("takes what is still held then, and says so", async () => {
    const test = setUp();
    const state = holding(test);
    await test.clock.advanceAsync(0);
    const stopped = test.locks.stop(5_000);
    await test.clock.advanceAsync(5_000);
    await stopped;
    assert.deepEqual(state, { abortedAtMs: 5_000, outcome: "shutting_down" });
    assert.deepEqual(times(test.asked, "release"), [5_000]);
    assert.equal(test.clock.pending, 0, "a timer is left");
  });
});
