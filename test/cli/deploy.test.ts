import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { runCommand } from "./run-command.ts";

describe("plimsoll deploy", () => {
  const folders: string[] = [];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "plimsoll-deploy-"));
    folders.push(folder);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "@org/shop", version: "1.4.0" }));
  });
  after(() => {
    for (const one of folders) rmSync(one, { recursive: true });
  });
  const read = (path: string) => readFileSync(join(folder, path), "utf8");
  const dataOf = async (...args: string[]) => JSON.parse((await runCommand([...args, "--json"], { folder })).out).result;

  it("writes a deployment of the app in this folder, which the check accepts", async () => {
    const ran = await runCommand(["deploy", "--host", "shop.example", "--connections", "300"], { folder });
    assert.equal(ran.code, 0, ran.err);
    assert.match(read("deploy/kubernetes/prod/30-app.yaml"), /image: registry.example\/shop:1.4.0/);
    assert.match(read("deploy/Dockerfile"), /USER 10001/);
    const checked = await runCommand(["/部署", "检查"], { folder });
    assert.equal(checked.code, 0, checked.out);
    assert.match(checked.out, /0 处需要修改/);
  });

  it("takes numbers from the capacity plan, each with its formula, and lets options win", async () => {
    mkdirSync(join(folder, "design"));
    const figures = [
      { name: "replicas", value: 7, formula: "max(2, ⌈2000/s × 2 ms / 0.6⌉)" },
      { name: "pool", value: 6, formula: "min c: C(c, 1.67) ≤ 0.01" },
      { name: "memory", value: 320, formula: "192 + 82 × 0.25" },
    ];
    writeFileSync(join(folder, "design/plan.json"), JSON.stringify({ scales: [{ figures }] }));
    assert.equal((await runCommand(["deploy", "--connections", "300"], { folder })).code, 0);
    const app = read("deploy/kubernetes/prod/30-app.yaml");
    assert.match(app, /minReplicas: 7 # design\/plan\.json, replicas: max\(2, ⌈2000\/s × 2 ms \/ 0\.6⌉\)/);
    assert.match(app, /memory: "?320Mi"?/);
    await runCommand(["deploy", "--replicas", "4"], { folder });
    assert.match(read("deploy/kubernetes/prod/30-app.yaml"), /minReplicas: 4 # as you said/);
    writeFileSync(join(folder, "design/plan.json"), "{");
    const { code, err } = await runCommand(["deploy"], { folder });
    assert.equal(code, 65);
    assert.match(err, /design\/plan\.json:1 is not valid JSON.*Run plimsoll plan again/);
  });

  it("reads deadlines, the pool and the times to stop from the app, and lets options win", async () => {
    const from = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../${path}`, import.meta.url)));
    const program = (times: string) => `import { createApp, module, query } from ${from("src/index.ts")};
import { postgres } from ${from("src/postgres/index.ts")};
import { z } from ${from("node_modules/zod/index.js")};
const shape = { input: z.object({}), output: z.object({}), access: "public", run: async () => ({}) };
const live = { input: z.object({}), stream: z.object({}), access: "public", async *run() {} };
const operations = [
  query("shop.read", { ...shape, budget: "1s", http: "GET /v1/read" }),
  query("shop.export", { ...shape, budget: "25s", http: "GET /v1/export" }),
  query("shop.live", { ...live, budget: "1s", http: "GET /v1/live" }),
  query("shop.inner", { ...shape, budget: "28s" }),
];
const database = postgres({ url: "postgresql://app@localhost/shop", connections: 7 });
export const app = createApp({ modules: [module("shop", { operations })], database, ${times} });
`;
    writeFileSync(join(folder, "app.ts"), program('shutdown: "20s", shutdownDelay: "7s"'));
    mkdirSync(join(folder, "design"));
    const figures = [{ name: "pool", value: 6, formula: "min c: C(c, 1.67) ≤ 0.01" }];
    writeFileSync(join(folder, "design/plan.json"), JSON.stringify({ scales: [{ figures }] }));
    const ran = await runCommand(["deploy", "--entry", "app.ts", "--host", "shop.example", "--connections", "300"], { folder });
    assert.equal(ran.code, 0, ran.err);
    assert.deepEqual(JSON.parse(read("deploy/deployment.json")).options.declared, {
      longestDeadlineMs: { value: 25_000, from: "app.ts, the budget of shop.export" },
      pool: { value: 7, from: "app.ts, postgres({ connections })" },
      shutdownMs: { value: 20_000, from: "app.ts, createApp({ shutdown })" },
      shutdownDelayMs: { value: 7_000, from: "app.ts, createApp({ shutdownDelay })" },
    });
    assert.match(read("deploy/kubernetes/prod/30-app.yaml"), /terminationGracePeriodSeconds: 32/);
    assert.match(read("deploy/kubernetes/prod/40-route.yaml"), /request: "?27s/);
    const read1 = { operation: "shop.read", verb: "GET", path: "/v1/read", deadlineMs: 1_000, reads: true, lasts: false };
    const export25 = { ...read1, operation: "shop.export", path: "/v1/export", deadlineMs: 25_000 };
    const live = { ...read1, operation: "shop.live", path: "/v1/live", lasts: true };
    assert.deepEqual(JSON.parse(read("deploy/deployment.json")).options.routes, [read1, export25, live]);
    assert.match(read("deploy/kubernetes/prod/40-route.yaml"), /value: \/v1\/live\n\s+timeouts:\n\s+request: "?0s/);
    assert.equal((await runCommand(["deploy", "--deadline", "60000"], { folder })).code, 0);
    assert.match(read("deploy/kubernetes/prod/40-route.yaml"), /request: "?62s/);
    assert.match(read("deploy/kubernetes/prod/30-app.yaml"), /terminationGracePeriodSeconds: 32/, "what the app declared still holds");
    assert.equal((await runCommand(["deploy", "check"], { folder })).code, 0);
    assert.equal((await runCommand(["deploy", "--mesh", "istio"], { folder })).code, 0);
    assert.match(read("deploy/kubernetes/prod/40-mesh.yaml"), /name: shop.export-get/);
    const refused = await runCommand(["deploy", "--mesh", "linkerd"], { folder });
    assert.equal(refused.code, 64);
    assert.match(refused.err, /Use istio/);
    writeFileSync(join(folder, "hasty.ts"), program('shutdown: "20s"'));
    assert.equal((await runCommand(["deploy", "--entry", "hasty.ts"], { folder })).code, 0);
    const { findings } = await dataOf("deploy", "check");
    assert.deepEqual([...new Set(findings.map(({ rule }: { rule: string }) => rule))], ["readiness-too-slow"]);
  });

  it("finds what a person broke, says where, and ends with 1", async () => {
    await runCommand(["deploy", "--connections", "300"], { folder });
    const path = "deploy/kubernetes/prod/30-app.yaml";
    writeFileSync(join(folder, path), read(path).replace(/terminationGracePeriodSeconds: 45/, "terminationGracePeriodSeconds: 5"));
    const { code, out } = await runCommand(["deploy", "check"], { folder });
    assert.equal(code, 1);
    assert.match(out, /deploy\/kubernetes\/prod\/30-app.yaml:\d+ grace-too-short\n.*5 s after SIGTERM, and needs 45 s/);
    const chinese = await runCommand(["deploy", "check", "--lang", "zh"], { folder });
    assert.equal(chinese.code, 1);
    for (const line of chinese.out.split("\n").filter((one) => one.startsWith("  "))) assert.match(line, /\p{Script=Han}/u);
    const { findings } = await dataOf("deploy", "check");
    assert.deepEqual(
      findings.map(({ rule }: { rule: string }) => rule),
      ["grace-too-short"],
    );
  });

  it("keeps what a person changed or made, and writes the rest again", async () => {
    writeFileSync(join(folder, ".dockerignore"), "mine\n");
    const first = await dataOf("deploy", "--connections", "300");
    assert.deepEqual(first.kept, [".dockerignore"]);
    const path = "deploy/kubernetes/prod/30-app.yaml";
    writeFileSync(join(folder, path), `${read(path)}# mine\n`);
    const second = await dataOf("deploy", "--host", "shop.example");
    assert.deepEqual(second.kept.toSorted(), [".dockerignore", path]);
    assert.ok(second.written.includes("deploy/kubernetes/prod/40-route.yaml"));
    assert.ok(read(path).endsWith("# mine\n"));
    assert.equal(read(".dockerignore"), "mine\n");
    const third = await dataOf("deploy");
    assert.deepEqual([third.written, third.kept.toSorted()], [[], [".dockerignore", path]], "what was said before still holds");
  });

  const refused: readonly (readonly [args: readonly string[], exit: number, says: RegExp])[] = [
    [["--strategy", "operator"], 64, /no strategy "operator"\. An operator of Kubernetes is .* Use rolling, canary or blue-green\.\n$/],
    [
      ["--strategy", "operator", "--lang", "zh"],
      64,
      /^错误：没有名为“operator”的发布策略。Kubernetes 的 operator .*请使用 rolling、canary 或 blue-green。\n$/,
    ],
    [["--strategy", "yolo"], 64, /no strategy "yolo"\. Use rolling/],
    [["--replicas", "0"], 64, /--replicas is 0.*whole number from 1/],
    [["--replicas", "4", "--most", "2"], 64, /most \(2\) is below replicas \(4\)/],
    [["--name", "Shop!"], 64, /"Shop!" cannot name things/],
    [["--entry", "gone.ts"], 66, /There is no file gone\.ts/],
    [["undo"], 64, /cannot undo/],
    [["check"], 66, /no deployment here.*Run plimsoll deploy first/],
  ];
  for (const [args, exit, says] of refused)
    it(`refuses ${args.join(" ")}`, async () => {
      const { code, err } = await runCommand(["deploy", ...args], { folder });
      assert.equal(code, exit, err);
      assert.match(err, says);
    });

  it("says what to do where its record is damaged, and changes nothing", async () => {
    mkdirSync(join(folder, "deploy"));
    for (const text of ["", "{", "[]", '{"options":{},"files":{}}']) {
      writeFileSync(join(folder, "deploy/deployment.json"), text);
      const { code, err } = await runCommand(["deploy"], { folder });
      assert.equal(code, 65, err);
      assert.match(err, /deploy\/deployment.json cannot be read/);
      assert.equal(read("deploy/deployment.json"), text);
    }
  });

  it("says which file it cannot read or write", async () => {
    writeFileSync(join(folder, "package.json"), "{");
    assert.match((await runCommand(["deploy"], { folder })).err, /package.json cannot be read as JSON/);
    writeFileSync(join(folder, "package.json"), '{"name":"shop"}');
    writeFileSync(join(folder, "deploy"), "a file where a folder belongs");
    const { code } = await runCommand(["deploy"], { folder });
    assert.notEqual(code, 0);
  });

  it("needs a name", async () => {
    rmSync(join(folder, "package.json"));
    const { code, err } = await runCommand(["deploy"], { folder });
    assert.equal(code, 66);
    assert.match(err, /package.json with a name/);
    assert.equal((await runCommand(["deploy", "--name", "shop"], { folder })).code, 0);
  });
});
