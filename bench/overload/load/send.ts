// Sends one run's load, in a process of its own: the streams that its argument lists, all at once, each with an open loop.
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { type Answer, runLoad, schedule, type Target } from "../../../src/load/index.ts";
import { Connections } from "./connections.ts";
import { type Order, type Saturation, type Stream, type StreamResult, started } from "./stream.ts";

const windowMs = 100;
const firstPauseMs = 50;
const holdsMs = 1_000;

function targetOf(connections: Connections, { retries, deadlineMs }: Stream): Target {
  if (!retries) return () => connections.send();
  return async () => {
    const until = performance.now() + deadlineMs;
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      const answer = await connections.send();
      const waitMs = pauseMs * (0.5 + Math.random());
      if (answer.kind === "ok" || performance.now() + waitMs >= until) return answer;
      await pause(waitMs);
    }
  };
}

/** What came of a connection that says nothing: the server may take it or close it. */
function connectOnly(url: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const timer = setTimeout(() => socket.destroy(), holdsMs);
    socket.on("error", () => undefined);
    socket.resume();
    socket.once("close", () => {
      clearTimeout(timer);
      resolve({ kind: "ok" });
    });
  });
}

async function prepare(stream: Stream): Promise<() => Promise<StreamResult>> {
  const { name, url, phases, deadlineMs, headers = {}, connections, warmUpMs, seed, onlyConnects } = stream;
  const kept = new Connections({ url, headers }, onlyConnects ? 0 : connections);
  await kept.open();
  const target = onlyConnects ? () => connectOnly(url) : targetOf(kept, stream);
  const plan = schedule(phases, { spacing: "poisson", seed });
  return async () => {
    using _ = kept;
    const result = await runLoad({ schedule: plan, target, deadlineMs, warmUpMs, windowMs, inFlight: 6_000 });
    const { goodput, scheduled, refused, late, failed, missed, lagged, isVoid, accepted, reasons, windows } = result;
    return {
      ...{ name, goodput, scheduled, refused, late, failed, missed, lagged, isVoid },
      ...{ p50Ms: accepted.percentile(50), p99Ms: accepted.percentile(99), reasons: Object.fromEntries(reasons) },
      windows: windows.map(({ fromMs, ok, refused: no, late: slow, failed: lost }) => ({
        fromMs,
        ok,
        refused: no,
        late: slow,
        failed: lost,
      })),
    };
  };
}

async function saturate({ url, atOnce, seconds }: Saturation): Promise<number> {
  using kept = new Connections({ url, headers: {} }, atOnce);
  await kept.open();
  const beganAt = performance.now();
  let done = 0;
  const one = async () => {
    while (performance.now() - beganAt < seconds * 1_000) if ((await kept.send()).kind === "ok") done++;
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return (done * 1_000) / (performance.now() - beganAt);
}

const order = JSON.parse(process.argv[2]!) as Order;
if ("saturate" in order) process.stdout.write(`${JSON.stringify(await saturate(order.saturate))}\n`);
else {
  const prepared = await Promise.all(order.streams.map(prepare));
  process.stdout.write(`${started}\n`);
  process.stdout.write(`${JSON.stringify(await Promise.all(prepared.map((run) => run())))}\n`);
}
