import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decider, event } from "plimsoll";
import { deciderSpec } from "plimsoll/testing";
import { z } from "zod";
import { AccountClosed, type AccountCommand, account, Overdrawn } from "./bank.ts";

const given = deciderSpec(account);
const opened = { name: "bank.opened", data: { account: "a", owner: "ann" } } as const;
const deposited = (cents: number) => ({ name: "bank.deposited", data: { account: "a", cents } }) as const;
const withdrawn = (cents: number) => ({ name: "bank.withdrawn", data: { account: "a", cents } }) as const;
const withdraw = (cents: number): AccountCommand => ({ kind: "withdraw", account: "a", cents });

describe("given, when, then", () => {
  it("holds what a decider decides", () => {
    given([]).when({ kind: "open", account: "a", owner: "ann" }).then([opened]);
    given([opened]).when({ kind: "open", account: "a", owner: "bob" }).then([]);
    given([opened, deposited(100)])
      .when(withdraw(60))
      .then([withdrawn(60)]);
    given([opened, deposited(100), withdrawn(60)])
      .when(withdraw(60))
      .then(Overdrawn);
    given([opened, deposited(100), withdrawn(60)])
      .when(withdraw(60))
      .then(new Overdrawn({ cents: 40 }));
    given([]).when(withdraw(1)).then(AccountClosed);
  });

  it("fails where it decides otherwise", () => {
    assert.throws(
      () =>
        given([opened, deposited(1)])
          .when(withdraw(1))
          .then([withdrawn(2)]),
      { name: "AssertionError" },
    );
    assert.throws(
      () =>
        given([opened, deposited(1)])
          .when(withdraw(1))
          .then(Overdrawn),
      /was to end with overdrawn/,
    );
    assert.throws(() => given([opened]).when(withdraw(1)).then(AccountClosed), { name: "AssertionError" });
    assert.throws(
      () =>
        given([opened])
          .when(withdraw(1))
          .then(new Overdrawn({ cents: 5 })),
      { name: "AssertionError" },
    );
    assert.throws(() => given([opened]).when(withdraw(1)).then([]), { type: "overdrawn" });
    assert.throws(() => given([opened]).when(withdraw(13)).then([]), RangeError);
    assert.throws(
      () =>
        given([{ name: "bank.opened", data: { account: 7 } } as never])
          .when(withdraw(1))
          .then([]),
      /not what its schema allows/,
    );
  });

  it("is not awaited", async () => {
    await assert.rejects(async () => given([opened]).when(withdraw(1)) as unknown as Promise<void>, /is not awaited/);
  });

  const added = event("set.added", { data: z.object({ item: z.string() }), key: ({ item }) => item });
  const add = [{ name: "set.added", data: { item: "a" } }] as const;

  it("refuses a state that decides otherwise after a snapshot", () => {
    const sets = decider({
      events: [added],
      initial: new Set<string>(),
      decide: ({ item }: { item: string }, state) =>
        state instanceof Set && state.has(item) ? [] : [{ name: "set.added", data: { item } }],
      evolve: (state, { data }) => new Set([...state, data.item]),
    });
    assert.throws(() => deciderSpec(sets)(add).when({ item: "a" }).then([]), /A snapshot of the state decides otherwise/);
  });

  it("refuses an evolve that changes the state it is given", () => {
    const lists = decider({
      events: [added],
      initial: [] as string[],
      decide: () => [],
      evolve(state, { data }) {
        state.push(data.item);
        return state;
      },
    });
    assert.throws(() => deciderSpec(lists)(add).when({}).then([]), TypeError);
  });

  it("never decides to overdraw, whatever happened", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 14, max: 1_000 })), fc.integer({ min: 14, max: 5_000 }), (amounts, cents) => {
        const has = amounts.reduce((sum, amount) => sum + amount, 0);
        const decision = given([opened, ...amounts.map(deposited)]).when(withdraw(cents));
        if (has < cents) decision.then(new Overdrawn({ cents: has }));
        else decision.then([withdrawn(cents)]);
      }),
    );
  });
});
