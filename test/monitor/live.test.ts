// A real Prometheus scrapes the shop under load: every query of every panel and rule must return data, and every command of the runbooks must run as printed.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { prometheus } from "plimsoll/telemetry";
import { startUpstream } from "../../examples/shop/upstream.ts";
import { runtimeOf } from "../../src/app/app.ts";
import { monitorFiles } from "../../src/monitor/files.ts";
import { monitoredOf, type Part } from "../../src/monitor/monitored.ts";
import { openInProcess, type TestShop } from "../e2e/shop/open-shop.ts";
import { freePort } from "../free-port.ts";
import { folderOf, spec } from "./shop.ts";

const skip =
  process.env.CI === "true" || spawnSync("prometheus", ["--version"]).status === 0
    ? false
    : "prometheus is not installed: apt-get install -y prometheus";

/** One round of load: what each part of the shop does. */
async function load(shop: TestShop): Promise<void> {
  const { productId } = shop.opened;
  const token = shop.token("Ben");
  const headers = () => ({ "idempotency-key": randomUUID() });
  const lines = [{ productId, quantity: 1 }];
  await Promise.all([
    shop.ask("GET /v1/products", { token }),
    shop.ask(`GET /v1/products/${productId}`, { token }),
    shop.ask("POST /v1/orders", { token, body: { lines }, headers: headers() }),
    shop.ask("POST /v1/checkouts", { token, body: { lines }, headers: headers() }),
    shop.ask("POST /v1/crunch", { token, body: { items: ["one", "two"] }, headers: headers() }),
    shop.ask("POST /v1/fetch", { token, body: { upstream: "calm", path: "/", timeoutMs: 1_000 } }),
    shop.ask("GET /v1/orders", {}),
  ]);
}

/** The queries of the panels, each for an operation that has run, and what the rules read. */
function queriesOf(files: ReadonlyMap<string, string>): readonly string[] {
  const panels = [...files]
    .filter(([path]) => path.startsWith("grafana/"))
    .flatMap(([, text]) =>
      (JSON.parse(text).panels as { targets: { expr: string }[] }[]).flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    );
  const rules = ["objectives", "alerts"].flatMap((name) =>
    [...files.get(`prometheus/rules/${name}.yaml`)!.matchAll(/expr: (.+)/g)].map(([, expr]) => expr!),
  );
  // An alert that does not fire returns nothing: what it reads must be there all the same.
  const read = rules.flatMap((expr) => [...expr.matchAll(/[a-z][\w:]*\{[^}]*\}/g)].map(([selector]) => selector));
  return [...new Set([...panels, ...read])].map((expr) => expr.replaceAll("$operation", "orders.place"));
}

/** Series that appear only with what a healthy shop does not have: a saga that is suspended, tasks that no worker takes, an upstream whose breaker is open. */
const rare = /state="suspended"|tasks_unserved|projection_stalled|audit_problems|upstream_breaker/;

describe("the shop under load, scraped by a real Prometheus", { skip, timeout: 180_000 }, () => {
  it("has data for every query, and its runbooks run as they are printed", async () => {
    const upstream = await startUpstream({ medianMs: 0 });
    await using shop = await openInProcess({
      ...{ telemetry: [prometheus()], places: { urls: { calm: upstream.url }, allow: ["127.0.0.1"] } },
    });
    const port = await freePort();
    const places = { ops: shop.app.urls.ops!, prometheus: `http://127.0.0.1:${port}` };
    const also: readonly Part[] = ["upstreams"];
    const monitored = monitoredOf(runtimeOf(shop.app).registry, { service: "shop", also });
    const files = monitorFiles(monitored, { ...spec, places });
    const quick = new Map([...files].map(([path, text]) => [path, text.replaceAll(/interval: (?:15|30)s/g, "interval: 1s")]));
    using made = folderOf(quick);
    const args = [`--config.file=${made.folder}/prometheus/prometheus.yaml`, `--storage.tsdb.path=${join(made.folder, "data")}`];
    const process = spawn("prometheus", [...args, `--web.listen-address=127.0.0.1:${port}`, "--log.level=error"], { stdio: "ignore" });
    try {
      const ask = async (query: string): Promise<number> => {
        const response = await fetch(`${places.prometheus}/api/v1/query`, { method: "POST", body: new URLSearchParams({ query }) }).catch(
          () => undefined,
        );
        // It listens before it is ready.
        if (response === undefined || response.status === 503) return 0;
        const { data, error } = (await response.json()) as { data?: { result: unknown[] }; error?: string };
        assert.equal(error, undefined, query);
        return data?.result.length ?? 0;
      };
      // Each round of load is what the next look waits for.
      let missing = queriesOf(files).filter((query) => !rare.test(query));
      assert.ok(missing.length > 60, String(missing.length));
      for (let rounds = 0; missing.length > 0 && rounds < 400; rounds++) {
        await load(shop);
        // What is scraped each second and added up from two scrapes has data only seconds later, however fast the rounds are.
        await pause(100);
        const found = await Promise.all(missing.slice(0, 8).map(async (query) => [query, await ask(query)] as const));
        const empty = found.filter(([, count]) => count === 0).map(([query]) => query);
        missing = [...missing.slice(8), ...empty];
      }
      assert.deepEqual(missing, []);
      for (const query of queriesOf(files)) await ask(query);
      for (const [path, text] of files) {
        if (!path.startsWith("runbooks/en/")) continue;
        const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block).join("");
        const { status, stderr } = await run(commands);
        assert.equal(status, 0, `${path}: ${stderr}\n${commands}`);
      }
    } finally {
      process.kill("SIGKILL");
      await upstream.close();
    }
  });
});

/** Runs the commands of a runbook in one shell; the first that fails ends it. */
function run(commands: string): Promise<{ readonly status: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const shell = spawn("bash", ["-ec", commands], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    shell.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    shell.once("close", (status) => resolve({ status, stderr }));
  });
}
