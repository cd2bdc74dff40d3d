import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type TestDatabase, testDatabase } from "plimsoll/testing";
import { EmbeddedPostgres } from "../../src/embedded/launcher.ts";
import type { KeptSpec } from "./fixtures/kept.ts";

const program = fileURLToPath(new URL("./fixtures/kept.ts", import.meta.url));
/** A process that hangs is ended, and the test says so. */
const longMs = 120_000;

class Kept {
  readonly child: ChildProcess;
  readonly ended: Promise<string>;
  readonly #lines: AsyncIterator<string>;

  constructor(args: readonly string[]) {
    // No standard input: a pipe there would keep it.
    this.child = spawn(process.execPath, ["--conditions=source", ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    this.child.stderr?.on("data", (bytes) => {
      errors += bytes;
    });
    const late = setTimeout(() => this.child.kill("SIGKILL"), longMs);
    this.ended = once(this.child, "close").then(([code, signal]) => {
      clearTimeout(late);
      return `ended with ${code ?? signal}${code === 0 ? "" : ` ${errors}`}`;
    });
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** What it says next, or how it ended. */
  async line(): Promise<string> {
    const { value } = await this.#lines.next();
    return value ?? this.ended;
  }

  /** What it says until one is among them, that one first; or how it ended. */
  async says(wanted: RegExp): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (wanted.test(line) || line.startsWith("ended")) return line;
    }
  }
}

// A server of this file's own: it goes away and comes back.
describe("an app's process", { concurrency: false }, () => {
  let home: string;
  let server: EmbeddedPostgres;
  let database: TestDatabase;
  const running: Kept[] = [];

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "plimsoll-kept-"));
    chmodSync(home, 0o755);
    server = new EmbeddedPostgres({ directory: join(home, "data") });
    await server.start();
    database = await testDatabase({ modules: [], server: { name: "own", adminUrl: server.adminUrl, stop: () => server.stop() } });
  });
  after(async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });
  // Not a hook of the suite: that would run after each part of a test.
  const end = async () => {
    for (const kept of running) kept.child.kill("SIGKILL");
    for (const kept of running.splice(0)) await kept.ended;
    await server.start();
  };

  const run = (args: readonly string[]) => {
    const kept = new Kept(args);
    running.push(kept);
    return kept;
  };
  const start = async (spec: Omit<KeptSpec, "url">, url = database.url) => {
    const kept = run([program, JSON.stringify({ ...spec, url })]);
    assert.equal(await kept.says(/^ready$/), "ready");
    return kept;
  };
  const shows = async (kept: Kept, what: RegExp) => {
    for (;;) {
      kept.child.kill("SIGUSR2");
      const line = await kept.line();
      if (what.test(line)) return;
      assert.doesNotMatch(line, /^ended/);
    }
  };
  const stops = async (kept: Kept) => {
    kept.child.kill("SIGTERM");
    assert.equal(await kept.says(/^$/), "ended with 0");
  };

  const guard = " (as before)";
  const outlives: { readonly name: string; readonly spec: Omit<KeptSpec, "url">; readonly up: RegExp }[] = [
    { name: "a worker under supervise", spec: { roles: ["worker"], supervised: true }, up: /^ran$/ },
    { name: "a worker", spec: { roles: ["worker"] }, up: /^ran$/ },
    { name: "a worker with only schedules", spec: { roles: ["worker"], has: "schedules" }, up: /^ran$/ },
    { name: "an app of no role under supervise", spec: { roles: [], supervised: true }, up: /^answers$/ },
    { name: "an app of no role and no tasks", spec: { roles: [], has: "nothing" }, up: /^answers$/ },
    { name: "an app with only locks", spec: { roles: [], has: "locks" }, up: /^leads$/ },
    { name: "a server (as before)", spec: { roles: ["serve"], supervised: true }, up: /^answers$/ },
    { name: "a worker with an ops port (as before)", spec: { roles: ["worker"], ops: true }, up: /^ran$/ },
  ];
  it("lives while PostgreSQL is away, and goes on after", async (t) => {
    t.after(end);
    const all = await Promise.all(outlives.map(async ({ spec, ...rest }) => ({ ...rest, spec, kept: await start(spec) })));
    for (const { spec, kept } of all) if (spec.has === "locks") await shows(kept, /^leads$/);
    await server.stop();
    for (const { name, kept } of all) await t.test(`lives: ${name}`, () => shows(kept, /^database|^does not lead$/));
    await server.start();
    for (const { name, up, kept } of all) await t.test(`goes on: ${name}`, () => shows(kept, up));
    // What had ended by itself said the same, with 0.
    for (const { name, kept } of all)
      await t.test(`ends with 0 when it is asked to: ${name.replace(guard, "")}${guard}`, () => stops(kept));
  });

  it("ends with 0 when it is asked to, also while PostgreSQL is away", async (t) => {
    t.after(end);
    const all = await Promise.all([true, false].map((supervised) => start({ roles: ["worker"], supervised })));
    await server.stop();
    for (const [n, kept] of all.entries())
      await t.test(n === 0 ? "under supervise" : "by itself", async () => {
        await shows(kept, /^database/);
        await stops(kept);
      });
  });

  it("ends when it is asked to although PostgreSQL went silent", async (t) => {
    t.after(end);
    const { hostname: host, port } = new URL(database.url);
    let isSilent = false;
    const sockets: Socket[] = [];
    // The end of a connection is not answered either, as where the other machine is gone.
    const network = createServer({ allowHalfOpen: true }, (client) => {
      const postgres = connect({ host, port: Number(port) });
      sockets.push(client, postgres);
      client.on("data", (bytes) => isSilent || postgres.write(bytes)).on("end", () => isSilent || postgres.end());
      postgres.on("data", (bytes) => client.write(bytes)).on("end", () => isSilent || client.end());
      for (const socket of [client, postgres]) socket.on("error", () => undefined);
    }).listen(0, "127.0.0.1");
    await once(network, "listening");
    const url = database.url.replace(`:${port}/`, `:${(network.address() as AddressInfo).port}/`);
    const all = await Promise.all([true, false].map((supervised) => start({ roles: [], has: "nothing", supervised }, url)));
    isSilent = true;
    for (const [n, kept] of all.entries()) await t.test(n === 0 ? "under supervise" : `by itself${guard}`, () => stops(kept));
    network.close();
    for (const socket of sockets) socket.destroy();
  });

  for (const has of ["tasks", "schedules", "nothing"] as const)
    it(`ends by itself once its app has stopped: with ${has} (as before)`, async (t) => {
      t.after(end);
      const kept = await start({ roles: ["serve", "worker"], ops: true, has, stops: true });
      assert.equal(await kept.ended, "ended with 0");
    });

  const scripts: { readonly name: string; readonly text: string; readonly ends: RegExp }[] = [
    { name: "whose start fails", text: "app.start().catch(() => process.stdout.write('failed\\n'));", ends: /^ended with 0$/ },
    {
      name: "that stops its app while that starts",
      text: "void app.start().catch(() => undefined); await app.stop();",
      ends: /^ended with 0$/,
    },
    { name: "that stops an app that never started", text: "await app.stop();", ends: /^ended with 0$/ },
    { name: "that forgets to stop a test app", text: "await testApp({ modules: [] });", ends: /^ended with 0$/ },
  ];
  for (const { name, text, ends } of scripts)
    it(`ends by itself: a script ${name} (as before)`, async (t) => {
      t.after(end);
      const code = `
        import { createApp, module } from "plimsoll";
        import { postgres } from "plimsoll/postgres";
        import { testApp } from "plimsoll/testing";
        const app = createApp({ modules: [], database: postgres({ url: ${JSON.stringify(database.url.replace(/:\d+\//, ":1/"))} }) });
        ${text}`;
      const kept = run(["--input-type=module", "-e", code]);
      assert.match(await kept.ended, ends);
    });
});
