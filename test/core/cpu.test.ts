import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { constants, getPriority } from "node:os";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { CpuPool, type CpuPoolOptions, cpu, cpuFunction, stopCpu } from "../../src/core/cpu.ts";
import { Fault } from "../../src/core/fault.ts";
import * as functions from "./fixtures/cpu-functions.ts";

function pool(t: TestContext, options: CpuPoolOptions): CpuPool {
  const made = new CpuPool(options);
  t.after(() => made.stop());
  return made;
}

function flag(): { readonly shared: SharedArrayBuffer; open(value: number): void; raised(): Promise<void> } {
  const shared = new SharedArrayBuffer(4);
  const state = new Int32Array(shared);
  return {
    shared,
    open(value) {
      Atomics.store(state, 0, value);
      Atomics.notify(state, 0);
    },
    async raised() {
      const wait = Atomics.waitAsync(state, 0, 0);
      if (wait.async) await wait.value;
    },
  };
}

describe("cpu", () => {
  it("runs a function on another thread, with what its module imports and holds", async (t) => {
    t.after(stopCpu);
    assert.deepEqual(await cpu(functions.addOne, { n: 41 }), { sum: 42, thread: "worker" });
    assert.deepEqual(functions.addOne.run({ n: 41 }), { sum: 42, thread: "main" });
  });

  it("computes with a lower priority than the event loop, where threads have one", { skip: process.platform !== "linux" }, async (t) => {
    assert.equal(await pool(t, { threads: 1 }).run(functions.priority, null), constants.priority.PRIORITY_BELOW_NORMAL);
    assert.equal(getPriority(), constants.priority.PRIORITY_NORMAL);
  });

  it("clones input and result", async (t) => {
    const value = { at: new Date(0), map: new Map([[1, new Uint8Array([1, 2])]]), big: 5n };
    const back = await pool(t, { threads: 1 }).run(functions.identity, value);
    assert.deepEqual(back, value);
    assert.notEqual(back, value);
  });

  it("gives a thread its input and nothing else, and takes its result and nothing else (as before)", async (t) => {
    const name = "PLIMSOLL_CPU_TEST";
    await functions.changes.run(name);
    const globals = globalThis as Record<string, unknown>;
    globals[name] = process.env[name] = "app";
    t.after(() => delete globals[name] && delete process.env[name]);
    const threads = pool(t, { threads: 1 });
    assert.deepEqual(await threads.run(functions.changes, name), { calls: 1, env: "app", global: undefined });
    // What a thread changes stays in the thread; the environment was copied when it started.
    assert.deepEqual(await threads.run(functions.changes, name), { calls: 2, env: "thread", global: "thread" });
    assert.deepEqual([process.env[name], globals[name]], ["app", "app"]);
    assert.equal((await functions.changes.run(name)).calls, 2);
  });

  it("starts threads when they are needed, no more than allowed, and lets calls wait in order", async (t) => {
    const threads = pool(t, { threads: 2, queue: 2 });
    assert.deepEqual(threads.load, { threads: 0, running: 0, waiting: 0 });
    const gates = [flag(), flag(), flag(), flag()];
    const calls = gates.map(({ shared }) => threads.run(functions.gate, shared));
    assert.deepEqual(threads.load, { threads: 2, running: 2, waiting: 2 });
    for (const [index, opened] of gates.entries()) opened.open(index + 1);
    assert.deepEqual(await Promise.all(calls), [1, 2, 3, 4]);
    assert.deepEqual(threads.load, { threads: 2, running: 0, waiting: 0 });
  });

  it("refuses when the queue is full, naming the limit, its value and the load", async (t) => {
    const threads = pool(t, { threads: 1, queue: 1 });
    const held = flag();
    const running = threads.run(functions.gate, held.shared);
    const waiting = threads.run(functions.addOne, { n: 1 });
    await assert.rejects(threads.run(functions.addOne, { n: 2 }), (thrown) => {
      assert.ok(thrown instanceof Fault);
      assert.equal(thrown.code, "unavailable");
      assert.deepEqual(thrown.details, { limit: "cpu queue", value: 1, load: 1 });
      assert.match(thrown.message, /"addOne".*"cpu queue" allows 1.*Try again/);
      return true;
    });
    held.open(9);
    assert.equal(await running, 9);
    assert.equal((await waiting).sum, 2);
  });

  it("stops a loop without end when the signal aborts, and goes on with another thread", async (t) => {
    const threads = pool(t, { threads: 1 });
    const abort = new AbortController();
    const started = flag();
    const spinning = threads.run(functions.spin, started.shared, { signal: abort.signal });
    const next = threads.run(functions.addOne, { n: 1 });
    await started.raised();
    const reason = new Fault({ code: "deadline_exceeded", message: "Too late." });
    abort.abort(reason);
    await assert.rejects(spinning, reason);
    assert.equal((await next).sum, 2);
    assert.equal(threads.load.threads, 1);
  });

  it("takes an aborted call out of the queue, and refuses one that comes aborted", async (t) => {
    const threads = pool(t, { threads: 1 });
    const held = flag();
    const running = threads.run(functions.gate, held.shared);
    const abort = new AbortController();
    const waiting = threads.run(functions.addOne, { n: 1 }, { signal: abort.signal });
    abort.abort(new TypeError("enough"));
    await assert.rejects(waiting, /enough/);
    assert.deepEqual(threads.load, { threads: 1, running: 1, waiting: 0 });
    await assert.rejects(threads.run(functions.addOne, { n: 1 }, { signal: abort.signal }), /enough/);
    held.open(3);
    assert.equal(await running, 3);
  });

  it("returns faults as faults and bugs as errors, and keeps the thread", async (t) => {
    const threads = pool(t, { threads: 1 });
    await assert.rejects(threads.run(functions.throwsFault, null), (thrown) => {
      assert.ok(thrown instanceof Fault);
      const { code, type, message, details, retryAfterMs, status } = thrown;
      assert.deepEqual(
        [code, type, message, details, retryAfterMs, status],
        ["resource_exhausted", "too_big", "Too big. Send less.", { max: 3 }, 5, 413],
      );
      return true;
    });
    await assert.rejects(threads.run(functions.throwsBug, null), { name: "RangeError", message: "a bug" });
    assert.equal(threads.load.threads, 1);
  });

  for (const [how, declared, says] of [
    ["exits", functions.exits, /"exits" ended: it exited with 7/],
    ["crashes", functions.crashes, /"crashes" ended: outside of any promise/],
  ] as const) {
    it(`fails only the call of a thread that ${how}, and replaces it`, async (t) => {
      const threads = pool(t, { threads: 1 });
      const dying = threads.run(declared, null);
      const next = threads.run(functions.addOne, { n: 1 });
      await assert.rejects(dying, (thrown) => thrown instanceof Fault && thrown.code === "internal" && says.test(thrown.message));
      assert.equal((await next).sum, 2);
    });
  }

  it("says so when an input or a result cannot be cloned, and keeps the thread", async (t) => {
    const threads = pool(t, { threads: 1 });
    await assert.rejects(
      threads.run(functions.identity, () => 1),
      { name: "DataCloneError" },
    );
    await assert.rejects(threads.run(functions.returnsFunction, null), /result of "returnsFunction" cannot be sent.*plain data/);
    assert.equal((await threads.run(functions.addOne, { n: 1 })).sum, 2);
    assert.deepEqual(threads.load, { threads: 1, running: 0, waiting: 0 });
  });

  it("asserts on a function that its module does not declare at the top level", async (t) => {
    const hidden = { ...functions.addOne, name: "hidden" };
    await assert.rejects(pool(t, { threads: 1 }).run(hidden, { n: 1 }), /"hidden" is not declared when .*cpu-functions\.ts is loaded/);
  });

  it("asserts on a name declared twice, on the program's entry file, and on a call from one of its threads", async (t) => {
    assert.throws(() => cpuFunction(functions.addOne.url, "addOne", () => 1), /declared twice/);
    assert.throws(() => cpuFunction(import.meta.url, "here", () => 1), /entry file/);
    await assert.rejects(pool(t, { threads: 1 }).run(functions.nests, null), /on a thread of cpu\(\)\. There, call its run/);
  });

  it("rejects what runs and waits when it is stopped, and can be used again", async (t) => {
    const threads = pool(t, { threads: 1 });
    const calls = [threads.run(functions.spin, flag().shared), threads.run(functions.addOne, { n: 1 })];
    const settled = Promise.allSettled(calls);
    await threads.stop();
    for (const outcome of await settled) assert.ok(outcome.status === "rejected" && outcome.reason.code === "cancelled");
    assert.equal((await threads.run(functions.addOne, { n: 1 })).sum, 2);
  });

  it("keeps the process alive while a call runs and not a moment longer", () => {
    const program = fileURLToPath(new URL("./fixtures/cpu-program.ts", import.meta.url));
    const { stdout, status, signal } = spawnSync(process.execPath, [program], { timeout: 20_000, encoding: "utf8" });
    assert.deepEqual({ stdout, status, signal }, { stdout: "2", status: 0, signal: null });
  });
});
