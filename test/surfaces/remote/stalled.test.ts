// Three processes of one module, of which one is stopped: its calls move, it is ejected, and it is back after it goes on.
import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import { after, before, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { App } from "plimsoll";
import { stock, where } from "./stalled-callee.ts";
import { ann, startCaller } from "./two-apps.ts";

const program = fileURLToPath(new URL("./stalled-callee.ts", import.meta.url));
const children: ChildProcess[] = [];
let caller: App;

before(async () => {
  const urls = await Promise.all(
    [1, 2, 3].map(async () => {
      const child = fork(program, { execArgv: ["--conditions=source"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
      children.push(child);
      const [said] = (await once(child, "message")) as [{ readonly url: string }];
      return said.url;
    }),
  );
  caller = await startCaller({ module: stock, url: urls });
});
after(async () => {
  await caller?.stop();
  for (const child of children) child.kill("SIGKILL");
});

/** Calls one after the other, for so long; how long each took, and which process replied. */
async function callFor(ms: number, until: (pid: number) => boolean = () => false) {
  const calls: { readonly ms: number; readonly pid: number; readonly at: number }[] = [];
  const begun = performance.now();
  while (performance.now() - begun < ms) {
    const at = performance.now();
    const { pid } = await caller.call(where, {}, { actor: ann });
    calls.push({ ms: performance.now() - at, pid, at: at - begun });
    if (until(pid)) break;
    await pause(10);
  }
  return calls;
}

it("a stopped process loses no call, is ejected, and is called again when it is back", async () => {
  const [stopped] = children as [ChildProcess, ...ChildProcess[]];
  const pid = stopped.pid as number;
  const well = await callFor(800);
  assert.equal(new Set(well.map((call) => call.pid)).size, 3, "all three are called");

  stopped.kill("SIGSTOP");
  const stalled = await callFor(2_500);
  assert(!stalled.some((call) => call.pid === pid));
  const late = stalled.filter((call) => call.ms >= 400);
  // One that found it silent, and one in each second in which it is tried again. How fast it is ejected, `npm run bench -- remote` measures.
  assert(late.length <= 3, `${late.length} calls waited for it, one after the other`);

  stopped.kill("SIGCONT");
  const healed = await callFor(30_000, (one) => one === pid);
  assert.equal(healed.at(-1)?.pid, pid, "it is called again");
});
