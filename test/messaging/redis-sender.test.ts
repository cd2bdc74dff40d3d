// A sender to a Redis of its own, whose replica is away and comes back.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it, type TestContext } from "node:test";
import type { MessageSender } from "plimsoll/ports";
import { redisStream } from "plimsoll/redis";
import { createClient } from "redis";
import { systemClock } from "../../src/core/clock.ts";
import { freePort } from "../free-port.ts";
import { isInstalled } from "../redis/installed.ts";

/** Starts a Redis, and resolves once it says the words. */
async function start(t: TestContext, port: number, { until, more = [] }: { readonly until: string; readonly more?: readonly string[] }) {
  const dir = mkdtempSync(join(tmpdir(), "plimsoll-redis-replica-"));
  const options = ["--bind", "127.0.0.1", "--port", String(port), "--dir", dir, "--save", "", "--repl-diskless-sync-delay", "0"];
  const child = spawn("redis-server", [...options, ...more], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  });
  for await (const line of createInterface({ input: child.stdout })) if (line.includes(until)) return void child.stdout.resume();
  return assert.fail(`redis-server ended before it said "${until}"`);
}

const atOnce = 16;
/** Sends messages at once; how many were confirmed. */
async function confirmed(sender: MessageSender): Promise<number> {
  const message = { type: "shop.placed", headers: {}, body: "{}" };
  const sent = Array.from({ length: atOnce }, (_, n) => sender.send({ ...message, id: `${n}`, key: `${n}` }, AbortSignal.timeout(15_000)));
  return (await Promise.allSettled(sent)).filter(({ status }) => status === "fulfilled").length;
}

describe("a sender to Redis that waits for a replica", { skip: isInstalled() ? false : "redis-server is not installed" }, () => {
  it("asks once for all that it sends at once, and adds no more copies while the replica is away", async (t) => {
    const port = await freePort();
    await start(t, port, { until: "Ready to accept connections" });
    const url = `redis://127.0.0.1:${port}`;
    const client = createClient({ url });
    client.on("error", () => undefined);
    await client.connect();
    t.after(() => client.destroy());
    const sender = await redisStream({ url, stream: "orders", replicas: 1 }).openSender({ clock: systemClock });
    t.after(() => sender.close());

    assert.equal(await confirmed(sender), 0);
    assert.match(await client.info("commandstats"), /cmdstat_wait:calls=1,/);
    assert.equal(await client.xLen("orders"), atOnce);

    assert.equal(await confirmed(sender), 0);
    assert.match(await client.info("commandstats"), /cmdstat_wait:calls=2,/);
    assert.equal(await client.xLen("orders"), atOnce, "it adds a copy of each message whenever it tries again");

    const more = ["--replicaof", "127.0.0.1", String(port)];
    await start(t, await freePort(), { until: "sync: Finished with success", more });
    assert.equal(await confirmed(sender), atOnce);
    assert.equal(await client.xLen("orders"), 2 * atOnce);
  });
});
