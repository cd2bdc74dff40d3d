import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { TestClock } from "plimsoll/testing";

interface Held {
  readonly id: string;
  readonly rescues: number;
  readonly owner: object;
}

/** A worker of which a test says what else runs in it. */
async function suspects(options: { readonly refuses?: boolean; readonly others?: number } = {}) {
  const file = new URL("../../../src/tasks/worker/suspects.ts", import.meta.url);
  assert.ok(existsSync(file), "suspects are kept apart");
  const { Suspects } = await import(file.href);
  const clock = new TestClock();
  const state = { others: options.others ?? 0, running: [] as string[], said: [] as string[], refused: [] as string[] };
  const kept = new Suspects({
    clock,
    record: async (ids: readonly string[], alone: boolean) => {
      if (options.refuses) throw new RangeError("no database");
      state.said.push(`${ids.join("+")}${alone ? " alone" : ""}`);
    },
    running: () => state.others + state.running.length,
    begin: ({ id }: Held) => state.running.push(id),
    refused: (tasks: readonly Held[]) => {
      state.refused.push(...tasks.map(({ id }) => id));
      for (const task of tasks) kept.ended(task);
    },
    shut: () => state.said.push("shut"),
    open: () => state.said.push("open"),
  });
  const end = (task: Held) => {
    state.running = state.running.filter((id) => id !== task.id);
    kept.ended(task);
  };
  return { kept, clock, state, end };
}
const held = (id: string, rescues: number): Held => ({ id, rescues, owner: { queue: "q" } });

describe("suspects of one process", () => {
  it("that were rescued once are made known together, and begin beside each other", async () => {
    const { kept, state } = await suspects();
    for (const id of ["a", "b"]) kept.admit(held(id, 1));
    assert.deepEqual(state.running, []);
    await setImmediate();
    await setImmediate();
    assert.deepEqual([state.said, state.running], [["a+b"], ["a", "b"]]);
  });

  it("that were rescued twice begin one after the other, with a moment for the others in between", async () => {
    const { kept, clock, state, end } = await suspects();
    const [a, b] = [held("a", 2), held("b", 3)];
    kept.admit(a);
    kept.admit(b);
    await setImmediate();
    assert.deepEqual([state.said, state.running], [["shut", "a alone"], ["a"]]);
    end(a);
    await setImmediate();
    assert.deepEqual([state.said.at(-1), state.running, kept.isShut], ["open", [], false]);
    await clock.advance(250);
    await setImmediate();
    assert.deepEqual([state.said.slice(3), state.running], [["shut", "b alone"], ["b"]]);
  });

  it("wait for what runs, and no longer than the limit: then it is known that they were not alone", async () => {
    const { kept, clock, state } = await suspects({ others: 1 });
    kept.admit(held("a", 2));
    await clock.advance(29_999);
    await setImmediate();
    assert.deepEqual([state.said, state.running], [["shut"], []]);
    await clock.advance(1);
    await setImmediate();
    assert.deepEqual([state.said, state.running], [["shut", "a"], ["a"]]);
  });

  for (const rescues of [1, 2])
    it(`that could not be made known are not begun, and hold no other up: rescued ${rescues} times`, async () => {
      const { kept, state } = await suspects({ refuses: true });
      kept.admit(held("a", rescues));
      await setImmediate();
      await setImmediate();
      assert.deepEqual([state.refused, state.running, kept.isShut], [["a"], [], false]);
    });

  it("are forgotten with the lease, also those that are about to begin", async () => {
    const { kept, state } = await suspects();
    kept.admit(held("a", 1));
    kept.admit(held("b", 2));
    kept.abandon();
    await setImmediate();
    await setImmediate();
    assert.deepEqual([state.running, kept.isShut], [[], false]);
  });
});
