import assert from "node:assert/strict";
import type { Clock } from "../../core/clock.ts";
import { everything, type InvalidationChannel, type InvalidationChannelSource } from "../../operation/cache/port.ts";
import type { Statement } from "../../operation/transaction.ts";
import { type Notified, notifiedProcess, until } from "./cache-store.ts";
import type { ConformanceCase } from "./rate-store.ts";

/** What the suite needs of a channel. */
export interface InvalidationChannelSample {
  /** Leads to a database that has started. */
  create(): InvalidationChannelSource;
  readonly clock: Clock;
  /** Runs a statement in a transaction of its own, which commits or is rolled back. */
  run(statement: Statement, how: "commit" | "roll back"): Promise<void>;
  /** Lets at least this much time pass. *Units*: milliseconds. */
  pass(ms: number): Promise<void> | void;
}

interface Tried extends Pick<InvalidationChannelSample, "clock" | "run" | "pass"> {
  readonly one: InvalidationChannel;
  readonly other: Notified;
  /** Opens and starts another process. */
  join(): Promise<Notified & { readonly channel: InvalidationChannel }>;
}

const claims: Readonly<Record<string, (tried: Tried) => Promise<void>>> = {
  "passes on what a transaction invalidated when it has committed, and never what was rolled back": async ({ one, other, run, pass }) => {
    await run(one.statement(["undone"]), "roll back");
    await run(one.statement(["a", "b"]), "commit");
    await until(() => other.tags.length >= 2, "the other process is notified", pass);
    assert.deepEqual(other.tags.toSorted(), ["a", "b"]);
  },
  "passes on what is notified without a transaction": async ({ one, other, pass }) => {
    await one.notify(["a"]);
    await until(() => other.tags.includes("a"), "the other process is notified", pass);
  },
  "takes any text for a tag, and everything": async ({ one, other, run, pass }) => {
    const tags = ["a'; drop table x; --", '"[]', "ключ 🔑", "\u2028", "x".repeat(1_000)];
    await run(one.statement(tags), "commit");
    await until(() => tags.every((tag) => other.tags.includes(tag)) || other.tags.includes(everything), "all tags arrive", pass);
    await run(one.statement([everything]), "commit");
    await until(() => other.tags.includes(everything), "everything arrives", pass);
  },
  "passes on every one of very many tags, or everything": async ({ one, other, run, pass }) => {
    const tags = Array.from({ length: 1_000 }, (_, n) => `${n}`.padEnd(190, "äöü"));
    await run(one.statement(tags), "commit");
    const arrived = () => {
      const seen = new Set(other.tags);
      return seen.has(everything) || tags.every((tag) => seen.has(tag));
    };
    await until(arrived, "all tags arrive", pass);
  },
  "confirms a moment when all that committed before has been passed on": async ({ one, other, clock, run, pass }) => {
    for (let round = 0; round < 3; round++) {
      await run(one.statement([`r${round}`]), "commit");
      // So that no earlier confirmation is of this moment.
      await pass(1);
      const at = clock.monotonic();
      await until(() => other.confirmedAt >= at, "a moment after the commit is confirmed", pass);
      assert(other.tags.includes(`r${round}`), "it was confirmed before what committed earlier");
    }
  },
  "says of a process that begins that it may have missed some, and passes nothing on after its stop": async ({ one, join, run, pass }) => {
    const late = await join();
    await until(() => late.missed > 0, "the process has missed what came before it", pass);
    await late.channel.service.stop();
    await run(one.statement(["after"]), "commit");
    await pass(100);
    assert(!late.tags.includes("after"), "it was notified after its stop");
  },
};

/**
 * Lists what every channel of invalidations must do; a test runs each. Each case throws an assertion where the channel does not.
 * @example for (const { name, run } of invalidationChannelConformance(sample)) it(name, run);
 */
export function invalidationChannelConformance(sample: InvalidationChannelSample): readonly ConformanceCase[] {
  const { create, clock, pass } = sample;
  return Object.entries(claims).map(([name, claim]) => ({
    name,
    run: async () => {
      const source = create();
      const opened: InvalidationChannel[] = [];
      const join = async () => {
        const notified = notifiedProcess(clock);
        const channel = source.open(notified.host);
        opened.push(channel);
        await channel.service.start();
        await until(() => notified.confirmedAt > Number.NEGATIVE_INFINITY, "a moment is confirmed", pass);
        return Object.assign(notified, { channel });
      };
      try {
        const [one, other] = [await join(), await join()];
        await claim({ ...sample, one: one.channel, other, join });
      } finally {
        for (const { service } of opened) await service.stop();
      }
    },
  }));
}
