import assert from "node:assert/strict";
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
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

const args = (): string[] => scripts.start.replace(/^.*?\bnode /, "").split(" ");
const environment = (directory: string) => {
  const { NODE_ENV: _, ...env } = process.env;
  return { ...env, PORT: "0", OPS_PORT: "0", PROVIDER_PORT: "0", DATA_DIR: directory };
};

/** Runs what `npm start` runs, on this Node and on free ports, until it has printed all that it says. */
async function start(directory: string): Promise<Started> {
  const child = spawn(process.execPath, args(), { cwd: root, env: environment(directory) });
  let [output, errors] = ["", ""];
  child.stderr.on("data", (bytes) => {
    errors += bytes;
  });
  for await (const bytes of child.stdout.iterator({ destroyOnReturn: false })) {
    output += bytes;
    if (output.match(/^curl .*$/gm)?.length === 7 && output.endsWith("\n\n")) break;
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
  const child = spawn(process.execPath, args(), { cwd: root, env: { ...process.env, PORT: "many", DATABASE_URL: "nowhere" } });
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

  it("prints seven lines that work as they are", async () => {
    const [search = "", buy = "", saga = "", left = "", list = "", crunch = "", stats = ""] = shop.curl;
    const found = await sh(search);
    assert.deepEqual([found.items.length, found.items.every((item: { name: string }) => item.name.endsWith("Rocket Skates"))], [3, true]);
    const bought = await sh(buy);
    assert.deepEqual(await sh(buy), bought, "once more is once");
    const sagas = async () => (await sh(saga)).sagas as { readonly id: string; readonly state: string }[];
    while ((await sagas()).some(({ state }) => state !== "completed"));
    assert.deepEqual(
      (await sagas()).map(({ id }) => id),
      [bought.sagaId],
    );
    const events = (await sh(left)).events as readonly { readonly name: string; readonly key: string }[];
    assert.ok(events.some(({ name, key }) => name === "orders.placed" && key === bought.checkoutId));
    const listed = await sh(list);
    assert.deepEqual([listed.items.length, listed.items[0].id, listed.items[0].totalCents > 0], [1, bought.checkoutId, true]);
    const { batchId, items } = await sh(crunch);
    assert.equal(items, 2);
    assert.deepEqual(await sh(crunch), { batchId, items }, "once more is once");
    const { done, failed, waiting } = await sh(stats);
    assert.equal(done + failed + waiting, 2);
  });

  it("says everything on one screen, and prints no token", () => {
    assert.doesNotMatch(shop.output, /eyJ/);
    // As it is where no other folder is named.
    const output = shop.output.replaceAll(directory, ".data");
    const rows = output.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / 120)), 0);
    assert.ok(rows <= 24, `${rows} rows of 120 characters:\n${shop.output}`);
    assert.match(shop.output, /\$\(cat \S*\/tokens\/ben\)/);
  });

  it("keeps a token for every user in a file that no other user can read", async () => {
    const folder = join(directory, "tokens");
    assert.ok(existsSync(folder), "there is a folder of tokens");
    assert.deepEqual(readdirSync(folder).toSorted(), ["ada", "ben", "cleo", "gus", "hana", "ivo"]);
    for (const name of readdirSync(folder)) {
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
      const authorization = `Bearer ${readFileSync(join(folder, name), "utf8")}`;
      assert.equal((await fetch(`${shop.api}/v1/products?limit=1`, { headers: { authorization } })).status, 200);
    }
  });

  it("leads from its address to the page to sign in and to its documents, as the screen does", async () => {
    const response = await fetch(`${shop.api}/`);
    const paths = [...(await response.text()).matchAll(/href="(\/[^"]*)"/g)].map(([, path]) => path);
    assert.deepEqual([response.status, paths], [200, ["/sign-in.css", "/sign-in", "/docs"]]);
    for (const path of paths) assert.equal((await fetch(`${shop.api}${path}`)).status, 200, path);
    const shown = /^ {2}sign in (\S+\/sign-in),/m.exec(shop.output)?.[1] ?? assert.fail(shop.output);
    assert.match(await (await fetch(shown)).text(), /<form id="enter"/);
    assert.equal((await fetch(`${shop.api}/`, { method: "POST" })).status, 405);
  });

  it("says one line where a change has started it again", async () => {
    const child = spawn(process.execPath, args(), { cwd: root, env: { ...environment(directory), PLIMSOLL_RELOADS: "1" } });
    running.push({ ...shop, process: child });
    let output = "";
    for await (const bytes of child.stdout.iterator({ destroyOnReturn: false })) {
      output += bytes;
      if (/runs[\s\S]*\n$/.test(output)) break;
    }
    child.kill("SIGKILL");
    assert.match(output, /^The shop runs again: http:\/\/\S+\/docs\n$/);
  });

  const secret = "0f8e2b64c1d79a35e0b4f6a1928c7d53";
  for (const [what, settings, message] of [
    [
      "an owner's address alone",
      { ADMIN_DATABASE_URL: "postgres://o@localhost/shop" },
      /^ADMIN_DATABASE_URL is set, but DATABASE_URL is not/,
    ],
    ["a first tenant alone", { FIRST_TENANT: "initech" }, /^FIRST_TENANT is set, but FIRST_EMAIL, FIRST_PASSWORD is not/],
    ["a secret that can be guessed", { JWT_SECRET: "changeme".repeat(5) }, /repeats one pattern, so it can be guessed/],
    ["a data directory that is a file", { DATA_DIR: join(root, "package.json"), JWT_SECRET: undefined }, /cannot be created \(EEXIST\)/],
    // A file system in which no process makes a folder: to try again there would never end.
    [
      "a data directory that cannot be made",
      { DATA_DIR: "/proc/x", JWT_SECRET: undefined },
      /\/proc\/x of DATA_DIR cannot be created \(ENOENT\)\. Set DATA_DIR/,
    ],
    ["such a data directory beside its own secret", { DATA_DIR: "/proc/x" }, /\/proc\/x\S* .*cannot be \w+ .*\(ENOENT/],
  ] as const)
    it(`does not start with ${what}, and says so in one message`, async () => {
      const env = { ...environment(directory), JWT_SECRET: secret, ...settings };
      const child = spawn(process.execPath, args(), { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
      // It has something to say there only once it has started.
      child.stdout.once("data", () => child.kill("SIGKILL"));
      // Nor may it try for ever.
      const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
      const [said, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
      clearTimeout(late);
      assert.match(said, message);
      assert.deepEqual([code, said.trimEnd().split("\n").length], [1, 1], said);
    });

  it("lets no user in by a printed password in production, but a first administrator", async () => {
    const other = mkdtempSync(join(tmpdir(), "plimsoll-shop-"));
    const first = { FIRST_TENANT: "initech", FIRST_EMAIL: "Bill@initech.example", FIRST_PASSWORD: "a password of the tests" };
    const env = { ...environment(other), ...first, NODE_ENV: "production", JWT_SECRET: secret };
    const child = spawn(process.execPath, args(), { cwd: root, env });
    running.push({ ...shop, process: child });
    let output = "";
    for await (const bytes of child.stdout.iterator({ destroyOnReturn: false })) {
      output += bytes;
      if (/runs[\s\S]*\n\n$/.test(output)) break;
    }
    const api = /http:\/\/[^/]+:\d+/.exec(output)?.[0] ?? assert.fail(output);
    const signIn = async (body: object) =>
      (await fetch(`${api}/v1/sessions`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }))
        .status;
    const answers = [
      await signIn({ tenant: "acme", email: "ada@acme.example", password: "plimsoll-demo" }),
      await signIn({ tenant: "globex", email: "gus@globex.example", password: "plimsoll-demo" }),
      await signIn({ tenant: first.FIRST_TENANT, email: first.FIRST_EMAIL, password: first.FIRST_PASSWORD }),
    ];
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
    rmSync(other, { recursive: true, force: true });
    assert.doesNotMatch(output, /plimsoll-demo|eyJ/);
    assert.deepEqual(answers, [401, 401, 201]);
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
    assert.ok(lines.some((line) => JSON.parse(line).operation === "payments.checkout"));
    assert.doesNotMatch(lines.join(), /plimsoll-demo|argon2|eyJ/);
  });

  it("ends on a signal, and has everything when it starts again", async () => {
    const before = await sh(shop.curl[4] ?? "");
    const earlier = shop.output.match(/^ {2}eyJ[\w.-]+$/m)?.[0] ?? readFileSync(join(directory, "tokens", "ada"), "utf8");
    assert.equal(await stop(shop), 0);
    const again = await open();
    assert.deepEqual(await sh(again.curl[4] ?? ""), before);
    assert.equal(await productsOf(again), 300);
    const { status } = await fetch(`${again.api}/v1/users`, { headers: { authorization: `Bearer ${earlier.trim()}` } });
    assert.equal(status, 200, "a token outlives the process");
    assert.equal(await stop(again, "SIGINT"), 0);
  });
});
