import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { marketplace } from "../capacity/designs.ts";
import { runCommand } from "./run-command.ts";

/** Half of the requests of an app. */
const halfMeasured = JSON.stringify({
  ...{ format: 1, from: "a run", upstreams: {}, pool: 16, points: [] },
  operations: [
    {
      ...{ name: "shop.list", share: 0.5, loopMs: 1, heldLoopMs: 0, databaseMs: 1, heldMs: 1, upstreams: {} },
      ...{ slots: 64, queue: 128, deadlineMs: 300, variation: 1 },
    },
  ],
});

describe("plimsoll plan", () => {
  let design = "";
  let folder = "";
  const made = mkdtempSync(join(tmpdir(), "plimsoll-plan-design-"));
  before(async () => {
    writeFileSync(join(made, "PRD.md"), marketplace);
    const { code, out } = await runCommand(["design", "--assume"], { folder: made });
    assert.equal(code, 0, out);
    design = readFileSync(join(made, "design/design.json"), "utf8");
  });
  after(() => rmSync(made, { recursive: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "plimsoll-plan-"));
    mkdirSync(join(folder, "design"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const file = (name: string) => join(folder, "design", name);
  const run = (...args: string[]) => runCommand(["plan", ...args], { folder });

  it("writes the plan of a design, twice the same, and says what gives out first", async () => {
    writeFileSync(file("design.json"), design);
    const { code, out } = await run();
    assert.equal(code, 0, out);
    assert.match(out, /Processes: 2 {2}\(max\(2, .*\)\)\n[\s\S]*First: .*, at [\d.]+× the load\./);
    const names = ["PLAN.md", "plan.json", "plan.schema.json"];
    assert.deepEqual(readdirSync(join(folder, "design")), [...names, "design.json"].toSorted());
    const first = names.map((name) => readFileSync(file(name), "utf8"));
    await run();
    assert.deepEqual(
      names.map((name) => readFileSync(file(name), "utf8")),
      first,
    );
  });

  it("explains figures, in Chinese too", async () => {
    writeFileSync(file("design.json"), design);
    assert.match(
      (await run("--why", "replicas", "--why", "pool")).out,
      /Processes \(replicas\)\n[\s\S]*200 requests per second[\s\S]*Connections of a pool \(pool\)/,
    );
    assert.match((await runCommand(["/规划", "--why", "line", "--lang", "zh"], { folder })).out, /负载线.*\n[\s\S]*公式：/);
  });

  it("prints the plan as JSON, for another peak and another server", async () => {
    writeFileSync(file("design.json"), design);
    const { out } = await run("--json", "--peak", "9000", "--cores", "32", "--connections", "400");
    const { result } = JSON.parse(out) as {
      result: { plan: { scales: { figures: { name: string; value: number; formula: string }[] }[] } };
    };
    const figures = new Map(result.plan.scales[0]!.figures.map((one) => [one.name, one]));
    assert.equal(figures.get("peak")!.value, 9_000);
    assert.match(figures.get("connections")!.formula, /≤ 400$/);
  });

  const refused: readonly (readonly [string, { design?: string; demands?: string; args?: string[] }, number, RegExp])[] = [
    ["without a design", {}, 66, /There is no design\/design\.json\. Run plimsoll design first/],
    ["a design that is not JSON", { design: '{\n  "format": 1,\n  oops\n}' }, 65, /design\/design\.json:3 is not valid JSON/],
    [
      "a design edited into nonsense",
      { design: "peak" },
      65,
      /design\/design\.json:\d+: load\.peak is not valid .* Run plimsoll design again/,
    ],
    ["a design without load", { design: "none" }, 2, /states no load.*--peak 100/],
    ["a figure that there is not", { args: ["--why", "love"] }, 64, /no figure "love"\. The figures are peak, mean/],
    ["a peak that is not a number", { args: ["--peak", "many"] }, 64, /--peak is many\. Use a whole number/],
    ["measurements that were edited", { design: "", demands: '{"format": 2}' }, 65, /design\/demands\.json:1: format is not valid/],
    [
      "measurements whose shares are not one whole",
      { design: "", demands: halfMeasured },
      65,
      /design\/demands\.json: the shares .* add up to 0\.5/,
    ],
    ["measurements that are not there", { design: "", args: ["--demands", "x.json"] }, 66, /There is no x\.json/],
  ];
  for (const [name, { design: content, demands, args = [] }, code, message] of refused)
    it(`refuses ${name}, with what to do`, async () => {
      const parsed = JSON.parse(design) as { load: object };
      const edited = new Map([
        ["", design],
        ["peak", JSON.stringify({ ...parsed, load: { ...parsed.load, peak: "fast" } }, undefined, 2)],
        ["none", JSON.stringify({ ...parsed, load: { ...parsed.load, peak: 0, mean: 0, status: "missing" } })],
      ]);
      if (content !== undefined) writeFileSync(file("design.json"), edited.get(content) ?? content);
      if (demands !== undefined) writeFileSync(file("demands.json"), demands);
      const { code: is, err } = await run(...args);
      assert.equal(is, code, err);
      assert.match(err, message);
    });

  it("leaves all as it was where the folder cannot be written", async (t) => {
    if (process.getuid?.() === 0) {
      // The administrator may write anywhere: a folder where the file must be is the same to the command.
      mkdirSync(file("plan.json"));
    } else {
      chmodSync(join(folder, "design"), 0o555);
      t.after(() => chmodSync(join(folder, "design"), 0o755));
    }
    writeFileSync(file("design.json"), design);
    const { code, err } = await run();
    assert.equal(code, 73);
    assert.match(err, /cannot be written.*--out/);
  });
});
