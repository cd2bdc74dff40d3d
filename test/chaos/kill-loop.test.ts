import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { campaign, type Kind, kinds } from "./campaign.ts";

const skip = process.platform === "linux" ? false : "needs Linux";

describe("kill -9 for longer", { skip }, () => {
  it("loses nothing and does nothing twice in 60 kills of every kind", async () => {
    const report = await campaign({ kills: 60, seed: 21 });
    const { lost, doneTwice, contradicted, unanswered, unbalanced, undone, unhealed, changed, unexpected, ended, wronglyCharged } = report;
    const nothing = {
      lost: [],
      doneTwice: [],
      contradicted: [],
      unanswered: [],
      unbalanced: [],
      undone: [],
      unhealed: [],
      changed: [],
      unexpected: [],
      ended: [],
      wronglyCharged: [],
    };
    assert.deepEqual(
      { lost, doneTwice, contradicted, unanswered, unbalanced, undone, unhealed, changed, unexpected, ended, wronglyCharged },
      nothing,
    );
    const seen = new Set<Kind>(report.kills.map(({ kind }) => kind));
    assert.deepEqual([...seen].toSorted(), [...kinds].toSorted());
  });

  it("would notice a charge that has another key at each attempt", async () => {
    const { wronglyCharged, comparisons } = await campaign({
      kills: 6,
      seed: 23,
      only: ["provider", "worker"],
      planted: "charge-by-new-key",
    });
    assert.ok(comparisons > 1);
    assert.match(wronglyCharged.join(), /was charged twice/);
  });

  it("would notice a commit that is answered before it is on disk", async () => {
    const { lost, changed } = await campaign({ kills: 5, seed: 22, only: ["postgres"], planted: "lazy-commit" });
    assert.notEqual(lost.length + changed.length, 0);
  });
});
