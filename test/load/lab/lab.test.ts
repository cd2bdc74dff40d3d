import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { counted, readCounters } from "../../../src/load/lab/counters.ts";
import { demandsOf } from "../../../src/load/lab/demands.ts";
import { compareLines, type LockedLine, lockOf, scenarioHash } from "../../../src/load/lab/lock.ts";
import { postgresCpuMs } from "../../../src/load/lab/postgres-cpu.ts";
import { searchLine, type Trial } from "../../../src/load/lab/search.ts";
import { writeReport } from "../../../src/load/report/html.ts";
import { rowsOf } from "../../../src/load/report/table.ts";
import { scenario } from "../../../src/load/scenario.ts";

const trial = (rate: number, holds: boolean): Trial => ({
  rate,
  p50Ms: 5,
  p99Ms: holds ? 90 : 900,
  bad: holds ? 0 : 0.2,
  holds,
  yardstick: 100,
  ...{ seconds: 8, meanMs: 6, cpuShare: holds ? 0.8 : undefined, memoryBytes: holds ? 100 * 1_048_576 : undefined },
});

describe("the search for the line", () => {
  it("finds any line within 3%, from any beginning within four times of it, in at most 16 runs", () =>
    fc.assert(
      fc.asyncProperty(fc.double({ min: 5, max: 50_000, noNaN: true }), fc.double({ min: 0.3, max: 3, noNaN: true }), async (line, off) => {
        const {
          line: found,
          trials,
          isExact,
          ratio,
        } = await searchLine({ first: line * off, attempt: async (rate) => trial(rate, rate <= line) });
        assert.ok(trials.length <= 16 && found <= line && ratio === found / 100);
        if (isExact) assert.ok(found * 1.031 >= line);
      }),
    ));

  it("is exact where the prediction is within 15%", async () => {
    for (const off of [0.85, 0.95, 1.05, 1.15]) {
      const { line, isExact } = await searchLine({ first: 1_000 * off, attempt: async (rate) => trial(rate, rate <= 1_000) });
      assert.ok(isExact && line > 970 && line <= 1_000, `${off}: ${line}`);
    }
  });

  it("does not take one disturbance for the line", async () => {
    let runs = 0;
    const { line } = await searchLine({ first: 900, attempt: async (rate) => trial(rate, rate <= 1_000 && runs++ !== 1) });
    assert.ok(line > 970, `${line}`);
  });

  it("says that it has no line where nothing holds", async () => {
    const { line, trials, isExact } = await searchLine({ first: 100, attempt: async (rate) => trial(rate, false) });
    assert.deepEqual([line, trials.length, isExact], [0, 16, false]);
  });
});

const mix = scenario({
  url: "http://127.0.0.1:1",
  operations: [
    { operation: "shop.list", weight: 3, path: "/list" },
    { operation: "shop.order", path: "/order", method: "POST", body: "{}" },
  ],
  upstreams: { pay: 8 },
});

const metrics = (scale: number): string =>
  [
    "# HELP process_cpu_seconds_total Time",
    `process_cpu_seconds_total ${0.8 * scale}`,
    ...[
      ["shop.list", 300, { running: 0.6, database: 0.9 }],
      ["shop.order", 100, { running: 0.4, database: 0.8, "upstream:pay": 3 }],
    ].flatMap(([operation, count, sums]) =>
      Object.entries({ total: 5, queued: 0, ...(sums as Record<string, number>) }).flatMap(([where, sum]) => [
        `plimsoll_operation_seconds_sum{operation="${operation}",code="ok",where="${where}"} ${sum * scale}`,
        `plimsoll_operation_seconds_count{operation="${operation}",code="ok",where="${where}"} ${Number(count) * scale}`,
      ]),
    ),
  ].join("\n");

describe("demands from counters", () => {
  const [before, after] = [readCounters(metrics(1)), readCounters(metrics(2))];
  it("reads counters by name and labels, in any order of labels", () => {
    assert.equal(counted({ before, after }, "plimsoll_operation_seconds_count", { where: "total", operation: "shop.list" }), 300);
    assert.equal(readCounters('a{y="2",x="1, \\"z\\""} 4\n# a{} 9\nb 2').get("b{}"), 2);
  });

  it("divides the processor time of the process by what ran, and takes that of PostgreSQL where it is known", () => {
    const times = [
      { count: 300, sum: 1_500, squares: 300 * 25 * 1.5 },
      { count: 100, sum: 4_200, squares: 100 * 42 * 42 },
    ];
    const [list, order] = demandsOf({ scenario: mix, before, after, times, databaseCpuMs: 850 });
    const rounded = (value: number) => Number(value.toFixed(6));
    assert.deepEqual([list!.loopMs, order!.loopMs].map(rounded), [(2 * 800) / 1_000, (4 * 800) / 1_000]);
    assert.deepEqual([list!.databaseMs, list!.heldMs, order!.databaseMs, order!.heldMs].map(rounded), [1.5, 1.5, 4, 4]);
    assert.deepEqual([order!.upstreams, rounded(list!.variation), rounded(order!.variation)], [{ pay: 30 }, 0.5, 0]);
    const [unknown] = demandsOf({ scenario: mix, before, after, times, databaseCpuMs: undefined });
    assert.deepEqual([unknown!.databaseMs, unknown!.heldMs].map(rounded), [1.5, 1.5]);
  });

  it("reads the processor time of PostgreSQL from the system, and says where there is none", (t) => {
    const proc = mkdtempSync(join(tmpdir(), "plimsoll-proc-"));
    t.after(() => rmSync(proc, { recursive: true }));
    assert.equal(postgresCpuMs(proc), undefined);
    for (const [id, name] of [
      ["7", "postgres"],
      ["8", "postgres"],
      ["9", "node (x)"],
    ] as const) {
      mkdirSync(join(proc, id));
      writeFileSync(join(proc, id, "stat"), `${id} (${name}) S 1 1 1 0 -1 4194560 10 0 0 0 20 5 0 0 20 0 1 0\n`);
    }
    assert.equal(postgresCpuMs(proc), 500);
    assert.equal(postgresCpuMs(join(proc, "none")), undefined);
  });
});

describe("the lock of a line", () => {
  const found = { line: 412.4, ratio: 0.0412345, trials: [], isExact: true };
  const uses = {
    rate: 200,
    statements: { "shop.list": 2.001, "shop.order": 5 },
    counts: { cpu: { each: 3, tolerance: 0.1 }, wal: { each: 900, tolerance: 0.1 }, allocation: { each: 40_000, tolerance: 0.05 } },
  };
  const was: LockedLine = lockOf({ scenario: mix, found, uses }, "first");

  it("has the hash of what the scenario calls, and nothing that differs between runs", () => {
    assert.deepEqual([was.line, was.ratio, was.statements], [412, 0.04123, { "shop.list": 2, "shop.order": 5 }]);
    assert.equal(scenarioHash({ ...mix, url: "http://other:1" }), was.scenario);
    assert.notEqual(scenarioHash({ ...mix, operations: mix.operations.toReversed() }), was.scenario);
  });

  const cases: readonly (readonly [string, Partial<LockedLine>, readonly (readonly [string, boolean])[]])[] = [
    ["nothing", {}, []],
    ["one statement more", { statements: { "shop.list": 2, "shop.order": 6 } }, [["statements", true]]],
    ["a line that is 5% lower", { ratio: was.ratio * 0.95 }, []],
    ["a line that is 12% lower", { ratio: was.ratio * 0.88 }, [["ratio", true]]],
    ["a tenth more processor time than tolerated", { counts: { ...uses.counts, cpu: { each: 3.4, tolerance: 0.3 } } }, [["cpu", true]]],
    [
      "less of everything",
      { counts: { cpu: { each: 1, tolerance: 0.1 }, wal: { each: 1, tolerance: 0.1 }, allocation: { each: 1, tolerance: 0.1 } } },
      [],
    ],
    ["more that is tolerated", { counts: { ...uses.counts, wal: { each: 980, tolerance: 0.1 } } }, []],
    ["more WAL", { counts: { ...uses.counts, wal: { each: 1_000, tolerance: 0.1 } } }, [["wal", true]]],
    ["more allocation", { counts: { ...uses.counts, allocation: { each: 43_000, tolerance: 0.1 } } }, [["allocation", true]]],
    [
      "counts and statements that were not measured",
      { counts: { cpu: uses.counts.cpu }, statements: { "shop.list": 2 } },
      [
        ["statements", false],
        ["wal", false],
        ["allocation", false],
      ],
    ],
    [
      "processor time and WAL on another machine",
      { machine: "other", counts: { ...uses.counts, cpu: { each: 9, tolerance: 0.1 }, wal: { each: 2_000, tolerance: 0.1 } } },
      [
        ["wal", true],
        ["machine", false],
      ],
    ],
    ["another machine, slower", { machine: "other", ratio: was.ratio / 2 }, [["machine", false]]],
    [
      "another machine and a statement more",
      { machine: "other", statements: { "shop.list": 3, "shop.order": 5 } },
      [
        ["statements", true],
        ["machine", false],
      ],
    ],
    ["another scenario", { scenario: "other" }, [["scenario", true]]],
  ];
  for (const [name, change, expected] of cases)
    it(`finds ${name}`, () =>
      assert.deepEqual(
        compareLines(was, { ...was, ...change }).map(({ what, fails }) => [what, fails]),
        expected,
      ));
});

describe("the report", () => {
  const found = { line: 400, ratio: 4, trials: [trial(300, true), trial(400, true), trial(500, false)], isExact: true };
  it("is one page in either language, twice the same, and keeps names as text", () => {
    const single = rowsOf({ scenario: mix, found });
    const make = (language: "en" | "zh") => writeReport({ name: "<shop>", language, found, deadlineMs: 300, predicted: 430, single });
    assert.match(make("en"), /<title>Load report: &lt;shop&gt;<\/title>[\s\S]*measured 400\/s[\s\S]*<td>430\/s<\/td><td>400\/s<\/td>/);
    assert.match(make("zh"), /压测报告[\s\S]*实测值 400\/s/);
    assert.equal(make("en"), make("en"));
  });

  it("says what was not measured", () =>
    assert.match(
      writeReport({ name: "a", language: "en", found, deadlineMs: 300, predicted: undefined, single: [] }),
      /<td>not shown on this machine<\/td><td>400\/s/,
    ));

  it("has the table of one process, with what was not measured named", () => {
    const page = writeReport({
      name: "a",
      language: "en",
      found,
      deadlineMs: 300,
      predicted: 430,
      single: rowsOf({ scenario: mix, found }),
    });
    const none = "<td>not shown on this machine</td>";
    assert.ok(page.includes(`<td>at half of the line</td>${none.repeat(8)}`));
    assert.ok(
      page.includes(
        "<td>at the line</td><td>400/s</td><td>90.0 ms</td><td>6.0 ms</td><td>100 MiB</td><td>80%</td><td>2</td><td>8.0 s</td><td>0.00%</td>",
      ),
    );
    assert.ok(
      page.includes(
        `<td>beyond it</td><td>400/s</td><td>900.0 ms</td><td>6.0 ms</td>${none}${none}<td>3</td><td>8.0 s</td><td>20.00%</td>`,
      ),
    );
    const thinking = rowsOf({ scenario: { ...mix, think: { meanMs: 5_000 } }, found });
    assert.deepEqual(
      thinking.map(({ users }) => users),
      [undefined, 2_000, 2_500],
    );
  });
});
