import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, watch, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import pg from "pg";
import { sleep, systemClock } from "../../../src/core/clock.ts";
import { accountFor } from "../../../src/embedded/account.ts";
import { embeddedBinaries } from "../../../src/embedded/binaries.ts";
import { usableBinaries } from "../../../src/embedded/cache.ts";
import { lockDirectory } from "../../../src/embedded/lock.ts";
import { choosePort } from "../../../src/embedded/port.ts";
import { identify, isAlive } from "../../../src/embedded/process.ts";
import { freePort } from "../../free-port.ts";
import { empty, faultOf, gone, home, isRoot, launcher, Neighbour, prepared, processGroup, query } from "./server.ts";

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

  it("of the server, it waits for those of its processes that are still at work, and asks often whether they are", async (t) => {
    const directory = prepared();
    const pauses: number[] = [];
    const schedule = (delayMs: number, callback: () => void) => {
      pauses.push(delayMs);
      return systemClock.schedule(delayMs, callback);
    };
    const server = launcher(t, { directory, clock: { ...systemClock, schedule } });
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
    assert.equal(Math.max(...pauses), 200);
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

  it("the number of an ended server that another process has now deceives no launcher", async (t) => {
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

  it("leave the server running when asked to, and adopt it later", async (t) => {
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

  it("of the last time is left to the process that has it now", async (t) => {
    const directory = prepared();
    const taken = await occupy(t);
    writeFileSync(join(directory, "port"), `${taken}\n`);
    const server = launcher(t, { directory });
    await server.start();
    assert.notEqual(server.port, taken);
    assert.equal(readFileSync(join(directory, "port"), "utf8"), `${server.port}\n`);
  });

  it("of the last time is waited for, as a process of a killed server may hold it for a moment longer", async (t) => {
    const remembered = join(home, "held");
    const port = await choosePort(undefined, remembered, systemClock);
    const holder = createServer().listen(port, "127.0.0.1");
    t.after(() => holder.close());
    await once(holder, "listening");
    let looks = 0;
    const clock: typeof systemClock = {
      ...systemClock,
      schedule: (_delayMs, callback) => {
        // It is still held at the first three looks.
        if (++looks === 3) holder.close(callback);
        else setImmediate(callback);
        return { cancel: () => undefined };
      },
    };
    assert.equal(await choosePort(undefined, remembered, clock), port);
    assert.equal(looks, 3);
  });

  it("of a new server is free, and none that systems give to outgoing connections", async (t) => {
    const taken = createServer().listen(await choosePort(undefined, join(home, "taken"), systemClock), "127.0.0.1");
    await once(taken, "listening");
    t.after(() => taken.close());
    const { port: drawnFirst } = taken.address() as AddressInfo;
    const drawn = [(drawnFirst - 20_000 + 0.5) / 10_000, 0.9999];
    const clock = { ...systemClock, random: () => drawn.shift() ?? systemClock.random() };
    const port = await choosePort(undefined, join(home, "drawn"), clock);
    assert.equal(drawn.length, 0, "the first was taken");
    assert.ok(port >= 20_000 && port < 30_000, `${port}`);
    assert.equal(await choosePort(undefined, join(home, "drawn"), systemClock), port, "it is remembered");
  });

  it("of a running server is not changed under its users, but is when no process uses it", async (t) => {
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

describe("the lock of a directory", () => {
  const ended = { pid: 2 ** 22 + 1, startedAt: "1", nonce: "ended" };
  for (const [name, left] of [
    ["free", undefined],
    ["left by a process that ended", JSON.stringify(ended)],
    ["left by a process whose number lives again", JSON.stringify({ ...ended, pid: process.pid })],
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
