import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { campaign } from "../chaos/campaign.ts";

// The short form; 200 kills: node --conditions=source test/chaos/kill-loop.ts --kills 200. Kills are found through /proc.
const skip = process.platform === "linux" ? false : "needs Linux";

describe("kill -9 under idempotent commands that the client retries", { skip }, () => {
  it("loses nothing that was acknowledged and does nothing twice", async () => {
    const report = await campaign({ kills: 8, seed: 11 });
    assert.ok(report.acknowledged > 20, `only ${report.acknowledged} commands were acknowledged: nothing was put to the test`);
    const { lost, doneTwice, contradicted, unanswered, unbalanced, undone, changed, unexpected, wronglyCharged } = report;
    const nothing = {
      lost: [],
      doneTwice: [],
      contradicted: [],
      unanswered: [],
      unbalanced: [],
      undone: [],
      changed: [],
      unexpected: [],
      wronglyCharged: [],
    };
    assert.deepEqual({ lost, doneTwice, contradicted, unanswered, unbalanced, undone, changed, unexpected, wronglyCharged }, nothing);
  });

  it("would notice an effect that is committed apart from its record", async () => {
    const { doneTwice } = await campaign({ kills: 3, seed: 12, workers: 4, only: ["app"], planted: "effect-apart" });
    assert.notEqual(doneTwice.length, 0);
  });

  it("would notice an answer that comes before the commit", async () => {
    const { lost, contradicted } = await campaign({ kills: 6, seed: 13, workers: 12, only: ["app"], planted: "answer-before-commit" });
    // Where the command is sent again, the bug is at work again: then an effect is there, but not the one that was answered.
    assert.notEqual(lost.length + contradicted.length, 0);
  });
});
