import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { testDatabase } from "../../../src/testing/database.ts";
import { type Posted, Program, type ProgramOptions } from "./program.ts";

const file = fileURLToPath(new URL("./fixtures/shares.ts", import.meta.url));

async function withProgram(options: ProgramOptions, run: (program: Program, pids: readonly number[]) => Promise<void>): Promise<void> {
  const program = new Program(2, { file, ...options });
  try {
    await run(program, [await program.ready(), await program.ready()]);
  } finally {
    program.child.kill("SIGTERM");
    await program.ended;
  }
}

/** The most that held something at once. */
function mostAtOnce(held: readonly Posted[]): number {
  const changes = held.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  let [most, now] = [0, 0];
  for (const { by } of changes.sort((a, b) => a.at - b.at || a.by - b.by)) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

async function readLine(program: Program, name: string) {
  const response = await fetch(`${program.ops}/loadlines/${encodeURIComponent(name)}`);
  return (await response.json()) as { readonly declared: number; readonly shares: readonly number[]; readonly highWater: number };
}

describe("limits of several processes", () => {
  it("are those of the app: slots and connections, also while one process ends", async () => {
    await using database = await testDatabase({ modules: [] });
    await withProgram({ url: database.url }, async (program, pids) => {
      const served = await Promise.all(Array.from({ length: 40 }, () => program.post("/hold", { ms: 60 })));
      assert.equal(new Set(served.map(({ pid }) => pid)).size, 2);
      assert.ok(served.every(({ status }) => status === 200));
      assert.ok(mostAtOnce(served) <= 6, `${mostAtOnce(served)} of 6 at once`);
      const queries = await Promise.all(Array.from({ length: 40 }, () => program.post("/query", { ms: 30 })));
      assert.ok(queries.every(({ status }) => status === 200));
      assert.ok(mostAtOnce(queries) <= 4, `${mostAtOnce(queries)} of 4 at once`);

      for (const [name, declared] of [
        ["test.hold concurrency", 6],
        ["test.hold queue", 200],
        ["process concurrency", 1_024],
        ["database connections", 4],
      ] as const) {
        const line = await readLine(program, name);
        assert.equal(line.declared, declared);
        assert.ok(line.shares.length === 2 && line.shares.every((share) => share >= 1), `${name}: ${line.shares}`);
        assert.ok(line.shares.reduce((sum, share) => sum + share, 0) <= declared, `${name}: ${line.shares}`);
      }

      process.kill(pids[0]!, "SIGKILL");
      await program.ready();
      const again = await Promise.all(Array.from({ length: 20 }, () => program.post("/query", { ms: 30 })));
      assert.ok(again.every(({ status }) => status === 200) && mostAtOnce(again) <= 4);
    });
  });
});

describe("an embedded database of several processes", () => {
  it("is started once, outlives reloads and the end of all processes, and stops last", async () => {
    const directory = mkdtempSync(join(tmpdir(), "plimsoll-shared-"));
    const server = () => Number(readFileSync(join(directory, "postgres", "postmaster.pid"), "utf8").split("\n")[0]);
    let postmaster = 0;
    try {
      await withProgram({ directory }, async (program, pids) => {
        postmaster = server();
        program.child.kill("SIGHUP");
        const replaced = [await program.ready(), await program.ready()];
        await program.line(/All processes were replaced/);
        assert.equal((await program.post("/query", { ms: 1 })).status, 200);
        for (const pid of [...pids, ...replaced]) if (replaced.includes(pid)) process.kill(pid, "SIGKILL");
        await program.ready();
        await program.ready();
        assert.equal((await program.post("/query", { ms: 1 })).status, 200);
        assert.equal(server(), postmaster);
      });
      // The program has ended, and with it the server.
      for (let tries = 0; isAlive(postmaster); tries++) {
        assert.ok(tries < 100, "the server has stopped");
        await pause(50);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
