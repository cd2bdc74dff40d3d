import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { supervise } from "plimsoll";
import { identify } from "../../../src/embedded/process.ts";
import { Program, type ProgramOptions } from "./program.ts";

describe("several processes", () => {
  let program: Program;
  afterEach(async () => {
    program.end();
    await program.ended;
  });
  const start = async (options: ProgramOptions = {}) => {
    program = new Program(2, options);
    return [await program.ready(), await program.ready()] as [number, number];
  };
  /** Resolves when a process has gone: one that was killed is there until the system has taken note of it. */
  const isGone = async (pid: number) => {
    while (identify(pid) !== undefined) await pause(5);
  };

  it("serve one port, and share its connections evenly", async () => {
    const pids = await start();
    // On a busy machine a process may get no processor for a while, and then others get its connections.
    const splits: number[] = [];
    for (let burst = 0; burst < 8 && !splits.some((split) => split <= 1.3); burst++) {
      const agent = new Agent({ keepAlive: true });
      const served = await Promise.all(Array.from({ length: 64 }, () => program.post("/wait", { ms: 100 }, agent)));
      agent.destroy();
      // It may also refuse some then, which say nothing of where they went.
      if (served.some(({ status }) => status === 503)) continue;
      const counts = pids.map((pid) => served.filter((one) => one.pid === pid).length);
      assert.equal(counts[0]! + counts[1]!, 64);
      splits.push(Math.max(...counts) / Math.min(...counts));
    }
    assert.ok(
      splits.some((split) => split <= 1.3),
      splits.join(),
    );
  });

  it("let what runs finish on SIGTERM, and end with 0", async () => {
    const pids = await start();
    const running = [program.post("/wait", { ms: 300 }), program.post("/wait", { ms: 300 })];
    for (const _ of running) await program.line(/^waits /);
    program.child.kill("SIGTERM");
    for (const { status } of await Promise.all(running)) assert.equal(status, 200);
    assert.equal(await program.ended, 0);
    for (const pid of pids) await isGone(pid);
    await assert.rejects(program.post("/who"), { code: "ECONNREFUSED" });
  });

  it("end at once on a second signal", async () => {
    const pids = await start();
    const endless = program.post("/wait", { ms: 5_000 }).catch(() => "cut");
    await program.line(/^waits /);
    program.child.kill("SIGTERM");
    await program.line(/^stopping/);
    program.child.kill("SIGTERM");
    assert.equal(await program.ended, 1);
    assert.equal(await endless, "cut");
    for (const pid of pids) await isGone(pid);
  });

  it("run once what the whole app does once", async () => {
    await start();
    assert.equal(program.lines.filter((line) => line.startsWith("once")).length, 1);
  });

  it("restart the one that was killed, and lose no connection that it had not taken", async () => {
    const pids = await start();
    const blocked = program.post("/block", { ms: 5_000 }).catch(() => "cut");
    const [, blocking] = await program.line(/^blocks (\d+)/);
    // Those that come now are shared, and so some are passed to the one that does not take them.
    const waiting = Array.from({ length: 12 }, () => program.post("/who"));
    await Promise.race(waiting);
    process.kill(Number(blocking), "SIGKILL");
    assert.equal(await blocked, "cut");
    for (const { status } of await Promise.all(waiting)) assert.equal(status, 200);
    await program.line(/^Process \d \(pid \d+\) ended with SIGKILL\. It restarts in \d+ ms\./);
    const pid = await program.ready();
    assert.ok(!pids.includes(pid));
    const served2 = await Promise.all([program.post("/wait", { ms: 50 }), program.post("/wait", { ms: 50 })]);
    assert.ok(served2.some((one) => one.pid === pid));
  });

  it("restart the one that a bug ended, whose requests are answered", async () => {
    const pids = await start();
    const running = [program.post("/wait", { ms: 300 }), program.post("/wait", { ms: 300 })];
    for (const _ of running) await program.line(/^waits /);
    const { pid } = await program.post("/crash");
    assert.deepEqual(
      (await Promise.all(running)).map(({ status }) => status),
      [200, 200],
    );
    await program.line(new RegExp(`^Process \\d \\(pid ${pid}\\) ended with exit code 1`));
    assert.ok(!pids.includes(await program.ready()));
  });

  it("restart one that SIGTERM ended alone", async () => {
    const [pid] = await start();
    process.kill(pid, "SIGTERM");
    await program.line(new RegExp(`^Process \\d \\(pid ${pid}\\) ended with exit code 0`));
    await program.ready();
    assert.equal((await program.post("/who")).status, 200);
  });

  it("are replaced on SIGHUP without a refused or reset connection", async () => {
    const pids = await start();
    let [isOver, requests] = [false, 0];
    const failures: unknown[] = [];
    const client = async (agent: Agent | undefined) => {
      while (!isOver) {
        const reply = await program.post("/who", {}, agent).catch((error) => error);
        requests++;
        if (reply.status !== 200) failures.push(reply);
      }
      agent?.destroy();
    };
    const agents = [undefined, undefined, new Agent({ keepAlive: true, maxSockets: 1 }), new Agent({ keepAlive: true, maxSockets: 1 })];
    const clients = agents.map(client);
    program.child.kill("SIGHUP");
    const replaced = [await program.ready(), await program.ready()];
    await program.line(/^All processes were replaced/);
    isOver = true;
    await Promise.all(clients);
    assert.deepEqual(failures, []);
    assert.ok(requests > 20, `${requests}`);
    for (const pid of pids) await isGone(pid);
    assert.ok(replaced.includes((await program.post("/who")).pid));
  });

  it("end by themselves when their supervisor was killed, after what runs", async () => {
    await start();
    const running = program.post("/wait", { ms: 300 });
    await program.line(/^waits /);
    program.child.kill("SIGKILL");
    assert.equal((await running).status, 200);
    // Its streams close when no process has them any more.
    assert.equal(await program.ended, "SIGKILL");
  });

  it("do not start where one of them does not", async () => {
    program = new Program(2, { startFails: true });
    await program.line(/^Process 2 of 2 did not start\./);
    assert.equal(await program.ended, 1);
  });

  it("refuse clients that are too slow, as one process does", async () => {
    await start({ headerMs: 300 });
    const { hostname, port } = new URL(program.api);
    const socket: Socket = connect(Number(port), hostname);
    socket.write("POST /who HTTP/1.1\r\nhost: a\r\n");
    const [reply] = await once(socket, "data");
    assert.match(String(reply), /^HTTP\/1\.1 408 /);
    socket.destroy();
  });
});

describe("supervise", () => {
  for (const processes of [0, 65, 1.5, Number.NaN])
    it(`refuses ${processes} processes`, () =>
      assert.rejects(supervise(undefined as never, { processes }), { type: "processes_invalid", code: "failed_precondition" }));
});
