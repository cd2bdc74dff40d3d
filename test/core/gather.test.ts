import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Gather } from "../../src/core/batch/gather.ts";
import { sendApart } from "../../src/core/batch/send-apart.ts";

function gathered(flights: number) {
  const [sent, ends]: [string[], (() => void)[]] = [[], []];
  let waiting = "";
  const gather = new Gather(flights, () => {
    if (waiting === "") return undefined;
    sent.push(waiting);
    waiting = "";
    return new Promise<void>((resolve) => void ends.push(resolve));
  });
  const add = (item: string) => {
    waiting += item;
    gather.ask();
  };
  return { gather, sent, ends, add };
}

describe("what comes in one turn", () => {
  it("is sent together, after it", async () => {
    const { sent, add } = gathered(1);
    add("a");
    add("b");
    assert.deepEqual(sent, []);
    await setImmediate();
    assert.deepEqual(sent, ["ab"]);
  });

  for (const [flights, expected] of [
    [1, [["a"], ["a", "bc"]]],
    [
      2,
      [
        ["a", "b"],
        ["a", "b", "c"],
      ],
    ],
  ] as const)
    it(`waits where ${flights} of ${flights} sends are under way, and follows the first that ends`, async () => {
      const { sent, ends, add } = gathered(flights);
      for (const item of "abc") {
        add(item);
        await setImmediate();
      }
      assert.deepEqual(sent, expected[0]);
      ends[0]?.();
      await setImmediate();
      assert.deepEqual(sent, expected[1]);
    });

  it("is idle when nothing waits and nothing is under way", async () => {
    const { gather, ends, add } = gathered(1);
    let isIdle = false;
    add("a");
    const idle = gather.idle().then(() => {
      isIdle = true;
    });
    await setImmediate();
    add("b");
    ends[0]?.();
    await setImmediate();
    assert.equal(isIdle, false);
    ends[1]?.();
    await idle;
    await gather.idle();
  });
});

describe("what is refused as a whole", () => {
  it("is halved until what is refused stands alone", async () => {
    const [sent, refused]: [number[], [readonly number[], unknown][]] = [[], []];
    const send = async (items: readonly number[]) => {
      if (items.some((item) => item % 5 === 0)) throw items.length;
      sent.push(...items);
    };
    await sendApart([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 10, { send, refused: (items, error) => void refused.push([items, error]) });
    assert.deepEqual(sent, [1, 2, 3, 4, 6, 7, 8, 9]);
    assert.deepEqual(refused, [
      [[5], 1],
      [[10], 1],
    ]);
  });

  it("is refused as a whole where the error is not that of an item", async () => {
    const refused: (readonly number[])[] = [];
    const send = () => Promise.reject("gone");
    await sendApart([1, 2, 3, 4], "bad", { send, refused: (items) => void refused.push(items), isOfAll: (error) => error === "gone" });
    assert.deepEqual(refused, [
      [1, 2],
      [3, 4],
    ]);
  });
});
