import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

interface Started {
  readonly process: ChildProcess;
  readonly output: string;
  readonly curl: readonly string[];
  readonly api: string;
  readonly ops: string;
}

/** Runs what `npm start` runs, on this Node and on free ports, until it has printed all that it says. */
async function start(directory: string): Promise<Started> {
  const args = scripts.start.replace(/^(exec )?node /, "").split(" ");
  const { NODE_ENV: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd: root, env: { ...env, PORT: "0", OPS_PORT: "0", DATA_DIR: directory } });
  let [output, errors] = ["", ""];
  child.stderr.on("data", (bytes) => {
    errors += bytes;
  });
  for await (const bytes of child.stdout.iterator({ destroyOnReturn: false })) {
    output += bytes;
    if (output.match(/^curl .*$/gm)?.length === 5 && output.endsWith("\n\n")) break;
  }
  const url = (name: string) => new RegExp(`${name} +(http://[^/]+:\\d+)`).exec(output)?.[1] ?? assert.fail(output + errors);
  return { process: child, output, curl: output.match(/^curl .*$/gm) ?? [], api: url("API"), ops: url("ops") };
}

async function stop({ process: child }: Started, signal: "SIGTERM" | "SIGINT" = "SIGTERM") {
  const ended = once(child, "exit");
  child.kill(signal);
  const [code, by] = await ended;
  return code ?? by;
}

const sh = async (line: string) => JSON.parse((await promisify(execFile)("sh", ["-c", line])).stdout);
const productsOf = async ({ curl }: Started) => {
  const names = new Set<string>();
  for (let cursor = ""; ; ) {
    const line = (curl[0] ?? "").replace("query=rocket&limit=3", `limit=100${cursor}`);
    const { items, nextCursor } = await sh(line);
    for (const { name } of items) {
      assert.ok(!names.has(name), `${name} is there twice`);
      names.add(name);
    }
    if (nextCursor === undefined) return names.size;
    cursor = `&cursor=${nextCursor}`;
  }
};

it("npm start says in one message what is wrong with its configuration, and ends with 1", async () => {
  const args = scripts.start.replace(/^(exec )?node /, "").split(" ");
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, PORT: "many", DATABASE_URL: "nowhere" } });
  const [errors, output, [code]] = await Promise.all([text(child.stderr), text(child.stdout), once(child, "exit")]);
  assert.match(errors, /^The configuration has 2 problems:\n {2}PORT .*\n {2}DATABASE_URL .*\n$/);
  assert.deepEqual([output, code], ["", 1]);
});

describe("npm start", () => {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-shop-"));
  const running: Started[] = [];
  const open = async () => {
    const started = await start(directory);
    running.push(started);
    return started;
  };
  let shop: Started;
  before(async () => {
    // Two at once, on a directory where nothing is yet.
    const [one, other] = await Promise.all([open(), open()]);
    shop = one;
    assert.equal(await stop(other), 0);
  });
  after(() => {
    for (const { process: child } of running) child.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  it("fills the shop once, though two started at the same time", async () => assert.equal(await productsOf(shop), 300));

  it("prints five lines that work as they are", async () => {
    const [search, order, list, crunch, stats] = shop.curl as [string, string, string, string, string];
    const found = await sh(search);
    assert.deepEqual([found.items.length, found.items.every((item: { name: string }) => item.name.endsWith("Rocket Skates"))], [3, true]);
    const placed = await sh(order);
    assert.ok(placed.totalCents > 0, JSON.stringify(placed));
    assert.deepEqual(await sh(order), placed, "once more is once");
    const listed = await sh(list);
    assert.equal(listed.items[0].id, placed.orderId);
    const { batchId, items } = await sh(crunch);
    assert.equal(items, 2);
    assert.deepEqual(await sh(crunch), { batchId, items }, "once more is once");
    const { done, failed, waiting } = await sh(stats);
    assert.equal(done + failed + waiting, 2);
  });

  it("prints a token for everybody", async () => {
    const tokens = shop.output.match(/^ {2}eyJ[\w.-]+$/gm) ?? [];
    assert.equal(tokens.length, 6);
    for (const token of tokens) {
      const { status } = await fetch(`${shop.api}/v1/products?limit=1`, { headers: { authorization: `Bearer ${token.trim()}` } });
      assert.equal(status, 200);
    }
  });

  it("shows its documents, its health and its metrics", async () => {
    const text = async (url: string) => {
      const response = await fetch(url);
      assert.equal(response.status, 200, url);
      return response.text();
    };
    assert.match(await text(`${shop.api}/docs`), /<html/i);
    assert.equal(JSON.parse(await text(`${shop.api}/openapi.json`)).info.title, "shop");
    assert.match(await text(`${shop.ops}/readyz`), /^ready/);
    assert.match(await text(`${shop.ops}/metrics`), /plimsoll_operation_seconds/);
  });

  it("keeps its secret to itself, and its log", () => {
    assert.equal(statSync(join(directory, "jwt-secret")).mode & 0o777, 0o600);
    const lines = readFileSync(join(directory, "shop.log"), "utf8").trim().split("\n");
    assert.ok(lines.some((line) => JSON.parse(line).operation === "orders.place"));
    assert.doesNotMatch(lines.join(), /plimsoll-demo|argon2|eyJ/);
  });

  it("ends on a signal, and has everything when it starts again", async () => {
    const before = await sh(shop.curl[2] ?? "");
    assert.equal(await stop(shop), 0);
    const again = await open();
    assert.deepEqual(await sh(again.curl[2] ?? ""), before);
    assert.equal(await productsOf(again), 300);
    const [earlier] = shop.output.match(/^ {2}eyJ[\w.-]+$/m) ?? [""];
    const { status } = await fetch(`${again.api}/v1/users`, { headers: { authorization: `Bearer ${earlier.trim()}` } });
    assert.equal(status, 200, "a token outlives the process");
    assert.equal(await stop(again, "SIGINT"), 0);
  });
});
