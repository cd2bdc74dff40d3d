// Sends one run's load, in a process of its own: the streams that its argument lists, all at once, each with an open loop.
import { type Phase, runLoad, schedule } from "../../src/load/index.ts";
import { Connections } from "./connections.ts";

export interface Stream {
  readonly name: string;
  readonly url: string;
  readonly phases: readonly Phase[];
  readonly deadlineMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly seed: number;
}

export interface StreamResult {
  readonly name: string;
  readonly goodput: number;
  readonly scheduled: number;
  readonly refused: number;
  readonly late: number;
  readonly failed: number;
  readonly isVoid: boolean;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly windows: readonly { readonly fromMs: number; readonly ok: number; readonly refused: number; readonly late: number }[];
}

const windowMs = 100;

async function send({ name, url, phases, deadlineMs, headers, connections, warmUpMs, seed }: Stream): Promise<StreamResult> {
  using kept = new Connections(connections);
  await kept.open(url);
  const target = kept.target({ url: new URL(url), headers: { "content-type": "application/json", ...headers } });
  const plan = schedule(phases, { spacing: "poisson", seed });
  const result = await runLoad({ schedule: plan, target, deadlineMs, warmUpMs, windowMs, inFlight: 4_000 });
  const { goodput, scheduled, refused, late, failed, isVoid, accepted, reasons, windows } = result;
  return {
    ...{ name, goodput, scheduled, refused, late, failed, isVoid },
    ...{ p50Ms: accepted.percentile(50), p99Ms: accepted.percentile(99), reasons: Object.fromEntries(reasons) },
    windows: windows.map(({ fromMs, ok, refused: no, late: slow }) => ({ fromMs, ok, refused: no, late: slow })),
  };
}

const streams = JSON.parse(process.argv[2]!) as readonly Stream[];
process.stdout.write(JSON.stringify(await Promise.all(streams.map(send))));
