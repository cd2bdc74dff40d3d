// Two replicas behind a router that looks at their readiness: while one is asked to stop, no request is lost, and nothing has to wait before the signal.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./fixtures/delayed.ts", import.meta.url));

interface Replica {
  readonly child: ChildProcess;
  readonly api: string;
  readonly ops: string;
  readonly lines: AsyncIterator<string>;
  readonly ended: Promise<unknown[]>;
}

describe("a stop that is delayed", () => {
  const children: ChildProcess[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });
  const start = async (delay: string): Promise<Replica> => {
    const child = spawn(process.execPath, ["--conditions=source", program, delay], { stdio: ["ignore", "pipe", "inherit"] });
    children.push(child);
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const [, api = "", ops = ""] = ((await lines.next()).value ?? "").split(" ");
    return { child, api, ops, lines, ended: once(child, "exit") };
  };
  /** The status, or that there was no reply. */
  const status = (url: string, method = "GET") =>
    fetch(url, { method, headers: { connection: "close" } }).then(
      (reply) => reply.status,
      () => "refused",
    );
  const ready = async ({ ops }: Replica) => (await status(`${ops}/readyz`)) === 200;

  it("serves new connections while readiness fails, then closes its port and ends with 0", async () => {
    const replica = await start("6s");
    replica.child.kill("SIGTERM");
    while (await ready(replica));
    assert.equal(await status(`${replica.api}/ask`, "POST"), 200);
    assert.equal(await status(`${replica.ops}/livez`), 200);
    assert.equal((await replica.lines.next()).value, "stopping");
    assert.deepEqual(await replica.ended, [0, null]);
  });

  it("loses no request of a router that looks at readiness before each", async () => {
    const replicas = [await start("6s"), await start("6s")];
    const answers: unknown[] = [];
    const route = async () => {
      // What was ready when it was looked at is asked, though it may have stopped being so since.
      const looked = await Promise.all(replicas.map(async (replica) => ({ replica, ready: await ready(replica) })));
      const chosen = looked.filter((one) => one.ready).map((one) => one.replica);
      return { left: chosen.length, answers: await Promise.all(chosen.map(({ api }) => status(`${api}/ask`, "POST"))) };
    };
    replicas[0]!.child.kill("SIGTERM");
    for (let left = 2; left > 1; ) {
      const turn = await route();
      left = turn.left;
      answers.push(...turn.answers);
    }
    answers.push(await status(`${replicas[0]!.api}/ask`, "POST"), ...(await route()).answers);
    assert.deepEqual([...new Set(answers)], [200]);
  });

  it("ends at once on a second signal", async () => {
    const replica = await start("5m");
    replica.child.kill("SIGTERM");
    while (await ready(replica));
    assert.equal(await status(`${replica.api}/ask`, "POST"), 200);
    replica.child.kill("SIGTERM");
    assert.deepEqual(await replica.ended, [1, null]);
  });
});
