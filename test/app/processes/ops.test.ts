import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Program } from "./program.ts";

describe("the ops port of several processes", () => {
  let program: Program;
  afterEach(async () => {
    program.end();
    await program.ended;
  });
  const start = async () => {
    program = new Program(2);
    return [await program.ready(), await program.ready()] as const;
  };
  const get = async (path: string) => {
    const response = await fetch(`${program.ops}${path}`, { headers: { accept: "application/json" } });
    return { status: response.status, text: await response.text() };
  };
  const metric = async (series: string) => {
    const { text } = await get("/metrics");
    const line = text.split("\n").find((one) => one.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length + 1));
  };
  const who = 'plimsoll_operation_seconds_count{operation="test.who",code="ok",where="total"}';
  const line = async (name: string) => JSON.parse((await get(`/loadlines/${encodeURIComponent(name)}`)).text);

  it("adds up what they counted, also what those had counted that have ended", async () => {
    const pids = await start();
    const served = new Set<number>();
    let requests = 0;
    while (served.size < 2) {
      served.add((await program.post("/who")).pid);
      requests++;
    }
    assert.equal(await metric(who), requests);
    process.kill(pids[0], "SIGKILL");
    await program.ready();
    assert.equal(await metric(who), requests);
    await program.post("/who");
    assert.equal(await metric(who), requests + 1);
    process.kill(pids[1], "SIGTERM");
    await program.ready();
    assert.equal(await metric(who), requests + 1);
  });

  it("shows gauges of each", async () => {
    await start();
    const { text } = await get("/metrics");
    for (const process of ["1", "2", "supervisor"])
      assert.match(text, new RegExp(`^process_resident_memory_bytes\\{process="${process}"\\} \\d+$`, "m"));
    assert.equal(text.match(/^# TYPE process_resident_memory_bytes gauge$/gm)?.length, 1);
  });

  it("lists their limits as those of the app, and changes a mode in all, and in those that start later", async () => {
    const pids = await start();
    const name = "test.who concurrency";
    await Promise.all(Array.from({ length: 8 }, () => program.post("/who")));
    const before = await line(name);
    assert.deepEqual([before.mode, before.declared, before.admitted], ["enforce", 64, 8]);
    assert.equal((await line("connections of all processes")).unit, "connections");
    const change = { method: "POST", headers: { "plimsoll-ops": "yes" }, body: JSON.stringify({ mode: "measure", reason: "a test" }) };
    const changed = await fetch(`${program.ops}/loadlines/${encodeURIComponent(name)}`, change);
    assert.deepEqual([changed.status, ((await changed.json()) as { mode: string }).mode], [200, "measure"]);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await program.ready();
    await program.ready();
    assert.deepEqual([(await line(name)).mode, (await line(name)).reason], ["measure", "a test"]);
    assert.equal((await get("/loadlines/nothing")).status, 404);
  });

  it("is ready while one of them is, until the app stops", async () => {
    const pids = await start();
    assert.deepEqual(await get("/readyz"), { status: 200, text: "ready\n" });
    process.kill(pids[0], "SIGKILL");
    assert.equal((await get("/readyz")).status, 200);
    const running = program.post("/wait", { ms: 1_000 });
    await program.line(/^waits /);
    program.child.kill("SIGTERM");
    await program.line(/^stopping/);
    assert.deepEqual(await get("/readyz"), { status: 503, text: "not ready: the app is stopping\n" });
    assert.equal((await get("/livez")).status, 200);
    await running;
  });
});
