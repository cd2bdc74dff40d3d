import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { sleep, systemClock } from "../../../src/core/clock.ts";
import { Fault } from "../../../src/core/fault.ts";
import { isReachable } from "../../../src/embedded/account.ts";
import { embeddedBinaries } from "../../../src/embedded/binaries.ts";
import { EmbeddedPostgres, type EmbeddedPostgresInit } from "../../../src/embedded/launcher.ts";
import { findPostmaster } from "../../../src/embedded/postmaster.ts";
import { identify } from "../../../src/embedded/process.ts";
import { stopServer } from "../../../src/embedded/server.ts";

export const isRoot = process.getuid!() === 0;
export const needsRoot = { skip: isRoot ? false : "needs root, to become another user" };
export const needsLinux = { skip: isRoot && process.platform === "linux" ? false : "needs root on Linux" };
/** Neither root nor the account without rights, but known to the system by a name. */
export const userId = Number(/^(?!root|nobody)[^:]+:[^:]*:(?!0:)(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"))?.[1] ?? 1);
/** A checkout in the home of root cannot be run by another user. */
const isOpen = isReachable(process.execPath, { uid: userId, gid: userId, other: isRoot });
export const needsUser = { skip: needsLinux.skip || (isOpen ? false : "the checkout is closed to other users") };

export let home: string;
let template: string;
/** Everything whose server must not outlive the test file. */
export const directories: string[] = [];

before(async () => {
  home = mkdtempSync(join(tmpdir(), "plimsoll-embedded-"));
  chmodSync(home, 0o755);
  template = join(home, "template");
  const server = new EmbeddedPostgres({ directory: template });
  await server.start();
  await query(server.adminUrl, "create table survivors (id int primary key)");
  await server.stop();
});

after(async () => {
  for (const directory of directories) await end(directory);
  rmSync(home, { recursive: true, force: true });
});

/** A directory with data in it, and a server that was stopped in order. */
export function prepared(name = "data"): string {
  const directory = join(mkdtempSync(join(home, "test-")), name);
  chmodSync(dirname(directory), 0o755);
  execFileSync("cp", ["-a", template, directory]);
  rmSync(join(directory, "port"), { force: true });
  directories.push(directory);
  return directory;
}

export function empty(name = "data"): string {
  const directory = join(mkdtempSync(join(home, "test-")), name);
  chmodSync(dirname(directory), 0o755);
  directories.push(directory);
  return directory;
}

export function launcher(t: TestContext, init: EmbeddedPostgresInit): EmbeddedPostgres {
  const server = new EmbeddedPostgres(init);
  t.after(() => server.stop());
  return server;
}

async function end(directory: string): Promise<void> {
  const data = join(directory, "postgres");
  const found = existsSync(data) ? findPostmaster(data) : undefined;
  if (found) await stopServer(found, systemClock);
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

export async function faultOf(work: Promise<unknown>, type: string): Promise<Fault> {
  const error = await work.then(
    () => assert.fail(`expected a fault of type ${type}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Fault, String(error));
  assert.equal(error.type, type, error.message);
  assert.ok(["failed_precondition", "unavailable"].includes(error.code));
  return error;
}

export function processGroup(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")[2]);
}

export async function gone(pid: number): Promise<void> {
  while (identify(pid)) await sleep(systemClock, 5);
}

/** Keeps the loop alive while a test waits with timers that do not. */
const hold = setInterval(() => undefined, 60_000);
after(() => clearInterval(hold));

interface Started {
  readonly pid: number;
  readonly port: number;
  readonly adminUrl: string;
  readonly uid: number;
  readonly fault?: { type: string; code: string; message: string };
}

const program = `
  const { EmbeddedPostgres } = await import(${JSON.stringify(import.meta.resolve("../../../src/embedded/launcher.ts"))});
  const { ending, ...init } = JSON.parse(process.argv[1]);
  const server = new EmbeddedPostgres(init);
  const tell = (fact) => process.stdout.write(JSON.stringify(fact) + "\\n");
  if (!ending) process.stdin.on("data", async () => { await server.stop(); process.exit(0); });
  try {
    await server.start();
    tell({ pid: server.pid, port: server.port, adminUrl: server.adminUrl, uid: process.getuid() });
  } catch ({ type, code, message }) {
    tell({ fault: { type, code, message } });
  }
  if (ending === "stop") await server.stop();
`;

/** Another process with a launcher of its own. */
export class Neighbour {
  readonly child: ChildProcess;
  readonly started: Promise<Started>;
  readonly exited: Promise<unknown>;

  constructor(t: TestContext, init: EmbeddedPostgresInit & { ending?: "stop" | "leave" }, uid?: number) {
    this.child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", program, JSON.stringify(init)], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
      cwd: fileURLToPath(new URL("../../../", import.meta.url)),
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    this.exited = once(this.child, "exit");
    this.started = Promise.race([
      once(this.child.stdout!, "data").then(([data]) => JSON.parse(String(data)) as Started),
      this.exited.then(() => ({ fault: { type: "exited", code: "", message: "" } }) as Started),
    ]);
    t.after(() => this.kill());
  }

  async stop(): Promise<void> {
    this.child.stdin!.write("stop\n");
    await this.exited;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.exited;
  }
}

/** The installed package in a project of its own. */
export function project(folder: string, { links }: { links: boolean }): string {
  const { directory, name } = embeddedBinaries();
  const to = join(folder, "node_modules", name);
  mkdirSync(dirname(to), { recursive: true });
  try {
    execFileSync("cp", ["-al", dirname(directory), to], { stdio: "ignore" });
  } catch {
    // The temporary directory is on another disk.
    rmSync(to, { recursive: true, force: true });
    execFileSync("cp", ["-a", dirname(directory), to]);
  }
  for (const { source, target } of JSON.parse(readFileSync(join(directory, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[]) {
    rmSync(join(to, target), { force: true });
    if (links) symlinkSync(join(to, source), join(to, target));
  }
  return to;
}
