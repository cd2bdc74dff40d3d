// A process that dies, or is stopped, in the middle of its stream.
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { after, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { App } from "plimsoll";
import { http } from "plimsoll/http";
import { AddressHealth } from "../../../../src/remote/balance/address-health.ts";
import { startCaller } from "../two-apps.ts";
import { feedOf } from "./operations.ts";

const program = fileURLToPath(new URL("./callee.ts", import.meta.url));
const children: ChildProcess[] = [];
const apps: App[] = [];
after(async () => {
  for (const app of apps) await app.stop();
  for (const child of children) child.kill("SIGKILL");
});

async function started() {
  const child = fork(program, { execArgv: ["--conditions=source"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  children.push(child);
  const [{ url }] = (await once(child, "message")) as [{ readonly url: string }];
  return { child, url };
}

const { feed, operations } = feedOf();

/** A client reads a stream over HTTP that the first of two processes runs. */
async function streaming() {
  const [one, other] = [await started(), await started()];
  const urls = [one.url];
  let found = Promise.withResolvers<void>();
  const find = async () => {
    found.resolve();
    return [...urls];
  };
  const caller = await startCaller({ module: feed, discovery: { everyMs: 100, find } }, { surfaces: [http({ port: false })] });
  apps.push(caller);
  const open = (path: string, headers = {}) =>
    caller.fetch(new Request(`http://test${path}`, { headers: { accept: "text/event-stream", ...headers } }), { address: "192.0.2.1" });
  const reader = (await open("/wait?to=1"))
    .body!.pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>;
  assert.equal((await reader.read()).value, 'id: 1\ndata: {"at":1}\n\n');
  const executed = caller.signals.executed.next();
  /** Until what was found with the other process is known: the question after it has been asked. */
  const joins = async () => {
    urls.push(other.url);
    for (let times = 0; times < 2; times++) {
      found = Promise.withResolvers<void>();
      await found.promise;
    }
  };
  return { child: one.child, caller, open, reader, executed, joins };
}

it("a process that dies in the middle of its stream ends it with a fault of its own, and another one goes on from the last item", async () => {
  const { child, caller, open, reader, executed, joins } = await streaming();
  child.kill("SIGKILL");
  const { fault, stream, outcome } = await executed;
  assert.deepEqual([outcome, fault?.type, stream?.items, stream?.ended], ["unavailable", "remote_stream_lost", 1, "failed"]);
  const problem = JSON.parse((await reader.read()).value!.replace("event: problem\ndata: ", ""));
  assert.equal(problem.type, "urn:plimsoll:remote_stream_lost");
  await assert.rejects(reader.read(), "a client cannot take it for complete");
  await joins();
  await caller.call(operations.look, { to: 1 });
  const text = await (await open("/count?to=3", { "last-event-id": "1" })).text();
  assert.equal(text, 'id: 2\ndata: {"at":2}\n\nid: 3\ndata: {"at":3}\n\nevent: end\ndata: {}\n\n');
});

it("a process that is stopped in the middle of its stream does so too, and its client does not wait for the idle limit", async () => {
  const { child, executed } = await streaming();
  const at = performance.now();
  child.kill("SIGSTOP");
  const { fault } = await executed;
  assert.equal(fault?.type, "remote_stream_lost");
  assert(performance.now() - at < 10_000);
});

it("streams that are lost count as failures of their address, and open ones do not make it silent", () => {
  const health = new AddressHealth();
  const streams = [1, 2, 3, 4, 5, 6].map(() => health.starts(0));
  for (const stream of streams) health.opens(stream, 1);
  assert.equal(health.inFlight, 6);
  assert.equal(health.admits(60_000), true, "it streams, and is not silent");
  for (const stream of streams.slice(0, 4)) health.ends(stream, "failed", 60_001);
  assert.equal(health.admits(60_001), true);
  health.ends(streams[4]!, "failed", 60_001);
  assert.equal(health.admits(60_001), false, "the fifth failure in a row ejects it");
  assert.equal(health.inFlight, 1);
});

it("a client that leaves its stream says nothing of the address", () => {
  const health = new AddressHealth();
  const stream = health.starts(0);
  health.opens(stream, 1);
  health.ends(stream, "left", 2);
  assert.deepEqual([health.inFlight, health.admits(60_000)], [0, true]);
});
