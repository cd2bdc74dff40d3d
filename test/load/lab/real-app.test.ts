// The command against a small app in a process of its own: what it measured is checked for its form and its order, not for the speed of this machine.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { MeasuredDemands } from "../../../src/capacity/planning/input.ts";
import { readDemands } from "../../../src/capacity/reading/read-files.ts";
import type { SingleRow } from "../../../src/load/report/table.ts";
import { runCommand } from "../../cli/run-command.ts";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

describe("plimsoll load on an app", () => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-load-"));
  const app = spawn(process.execPath, ["--conditions=source", fixture("app.ts")], { stdio: ["pipe", "pipe", "inherit"] });
  let places: { url: string; ops: string };
  before(async () => {
    const [line] = await once(app.stdout, "data");
    places = JSON.parse(String(line)) as typeof places;
  });
  after(async () => {
    app.stdin.end();
    if (app.exitCode === null) await once(app, "exit");
    rmSync(folder, { recursive: true });
  });
  const run = (...args: string[]) =>
    runCommand(["load", fixture("scenario.ts"), "--url", places.url, "--ops", places.ops, "--seconds", "0.5", ...args], { folder });

  it("measures what each operation needs, below 30% of what it can carry", async () => {
    const { code, out, err } = await run("--calibrate");
    assert.equal(code, 0, err);
    assert.match(out, /lab\.compute: loop [\d.]+ ms/);
    const text = readFileSync(join(folder, "design/demands.json"), "utf8");
    const read = readDemands(text, "demands.json");
    assert.ok("value" in read, JSON.stringify(read));
    const demands = JSON.parse(text) as MeasuredDemands;
    const [compute, wait] = demands.operations;
    assert.deepEqual([compute!.name, compute!.share, wait!.name, wait!.share], ["lab.compute", 0.75, "lab.wait", 0.25]);
    assert.ok(compute!.loopMs > 1, `${compute!.loopMs}`);
    const most = 1_000 / (0.75 * compute!.loopMs + 0.25 * wait!.loopMs);
    assert.ok(demands.points.length <= 4, "a run in which nothing ended is left out");
    for (const { throughput } of demands.points) assert.ok(throughput <= 0.5 * most, `${throughput} of ${most}`);
  });

  it("finds a line, writes the report and the lock, and compares with it", async () => {
    const first = await run("--json", "--first", "60", "--attempts", "12", "--update", "first");
    const { result } = JSON.parse(first.out) as {
      result: {
        line: { line: number; reason: string; rate: number };
        trials: { rate: number; holds: boolean }[];
        predicted: number;
        single: SingleRow[];
      };
    };
    assert.equal(first.code, 0, first.err);
    assert.ok(result.line.line > 0 && result.predicted > 0 && result.line.reason === "first", JSON.stringify(result));
    assert.ok(result.trials.some(({ rate, holds }) => holds && Math.round(rate) === result.line.line));
    const [half, line] = result.single;
    assert.ok(half!.perSecond! > 0 && half!.memoryBytes! > 1e7 && half!.cpuShare! > 0 && half!.seconds === 0.125, JSON.stringify(half));
    assert.deepEqual([line!.at, line!.seconds, line!.errors! <= 0.01], ["line", 0.5, true]);
    assert.equal(result.line.rate, Math.max(2, Math.round(result.trials.findLast(({ holds }) => holds)!.rate / 2)));
    assert.deepEqual(readdirSync(folder).toSorted(), ["design", "loadlines.lock"]);
    const page = readFileSync(join(folder, "design/load-scenario.html"), "utf8");
    assert.match(page, /<svg [\s\S]*predicted \d+\/s[\s\S]*<\/svg>[\s\S]*Promised against measured/);
    assert.match(readFileSync(join(folder, "loadlines.lock"), "utf8"), /"scenario": \{\n {4}"scenario": "/);
  });

  it("says what is wrong with a scenario, and what to do", async () => {
    for (const [args, code, message] of [
      [["load"], 64, /needs the file of a scenario/],
      [["load", "none.ts"], 66, /There is no file none\.ts/],
      [["load", fixture("app-without.ts")], 66, /There is no/],
      [["load", fixture("scenario.ts"), "--calibrate"], 64, /names no ops port.*--ops/],
      [["load", fixture("scenario.ts"), "--calibrate", "--ops", "http://127.0.0.1:1"], 69, /did not respond with metrics.*prometheus\(\)/],
      [["load", fixture("scenario.ts"), "--seconds", "long"], 64, /--seconds is long/],
    ] as const) {
      const { code: is, err } = await runCommand([...args], { folder });
      assert.equal(is, code, err);
      assert.match(err, message);
    }
  });
});
