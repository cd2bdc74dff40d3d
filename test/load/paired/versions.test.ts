// Two versions of an app in processes of their own. How large a change is found is proven by simulation in compare.test.ts: here it is three times as much.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Comparison } from "../../../src/load/paired/compare.ts";
import { runCommand } from "../../cli/run-command.ts";

const file = fileURLToPath(new URL("../lab/fixtures/tiny-scenario.ts", import.meta.url));

describe("plimsoll load --before", () => {
  const root = mkdtempSync(join(tmpdir(), "plimsoll-versions-"));
  after(() => rmSync(root, { recursive: true }));
  const checkout = (name: string, plant: object) => {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, "plant.json"), JSON.stringify(plant));
    return join(root, name);
  };
  const now = checkout("now", {});
  const [slow, failing, broken] = [
    checkout("slow", { hashes: 180 }),
    checkout("failing", { fails: true }),
    checkout("broken", { exits: true }),
  ];
  const compare = (folder: string, before: string) =>
    runCommand(["load", file, "--before", before, "--rate", "80", "--seconds", "0.08", "--rounds", "6", "--json"], { folder });
  const resultOf = (out: string) => (JSON.parse(out) as { result: Comparison & { rate: number } }).result;

  it("finds a version that takes three times as much, confirms it, and leaves no process and no file", async () => {
    const mine = () => readdirSync(tmpdir()).filter((name) => name.startsWith("plimsoll-compare-"));
    const earlier = mine();
    const { code, out, err } = await compare(slow, now);
    assert.equal(code, 1, err);
    const { figures, rounds, rate } = resultOf(out);
    assert.deepEqual([figures.cpu!.verdict, rounds, rate], ["regression", 12, 80]);
    assert.ok(figures.cpu!.change.low > 1.3 && figures.cpu!.same.high < 1.5, JSON.stringify(figures));
    assert.deepEqual(
      mine().filter((name) => !earlier.includes(name)),
      [],
    );
  });

  it("says what keeps it from comparing", async () => {
    const without = fileURLToPath(new URL("../lab/fixtures/scenario.ts", import.meta.url));
    for (const [args, code, message] of [
      [["load", without, "--before", now], 64, /does not say how[\s\S]*start: \["node"/],
      [["load", file, "--before", join(root, "none")], 66, /There is no folder .*none[\s\S]*git worktree add/],
      [["load", file, "--before", broken], 69, /broken ended with exit code 3[\s\S]*the settings are wrong/],
      [["load", file, "--before", failing, "--seconds", "0.1"], 65, /100% of the calls[\s\S]*status 500[\s\S]*--rate/],
      [["load", file, "--before", now, "--rate", "fast"], 64, /--rate is fast/],
    ] as const) {
      const { code: is, err } = await runCommand([...args], { folder: now });
      assert.equal(is, code, err);
      assert.match(err, message);
    }
  });
});
