import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import { type Store, startPostgresStores } from "../tasks/stores.ts";
import { openByHand } from "./by-hand.ts";
import { deliver, rebuild } from "./deliver.ts";
import { openEmmett } from "./emmett.ts";
import { openPlimsoll, type PlimsollEvents } from "./plimsoll.ts";
import type { EventSystem } from "./system.ts";

const connections = 16;
const callers = 32;
const perStream = 10;
const bars = { hand: 0.8, emmett: 2.5, emit: 0.9 };
const nothingPending = "(select 1 where false) as nothing";

/** One way to do one kind of work, measured in each round. */
interface Row {
  readonly workload: string;
  readonly name: string;
  readonly work: (stream: string) => Promise<unknown>;
  /** How many go to one stream, one after the other. */
  readonly perStream: number;
  readonly samples: number[];
}

/**
 * Events: an append to a new stream, and read, decide, append, beside Emmett and by hand; what an `emit` costs a command; events that three subscriptions handle; a
 * projection that is made again. All contenders are in this process, each with a database and connections of its own.
 */
export async function runEvents(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 3 : 9);
  const seconds = options.quick ? 0.7 : 4;
  const stores = await startPostgresStores();
  const made: Store[] = [];
  const opened: EventSystem[] = [];
  try {
    const open = async <T extends EventSystem>(
      opens: (target: { url: string; appUrl: string; connections: number }) => Promise<T>,
    ): Promise<T> => {
      const store = await stores.create(nothingPending);
      made.push(store);
      const system = await opens({ ...store.urls, connections });
      opened.push(system);
      return system;
    };
    // What one write costs is measured without what reads it: neither the others nor the command without an event have readers.
    const plimsoll = await open((target) => openPlimsoll(target, { reads: false }));
    const systems: Record<string, EventSystem> = { raw: await open(openByHand), plimsoll, emmett: await open(openEmmett) };
    const rows = rowsOf(systems, plimsoll);
    for (const row of rows) await measure(row, { seconds: 0.3, round: -1 });
    for (let at = 0; at < rounds; at++)
      for (const row of at % 2 === 0 ? rows : rows.toReversed()) row.samples.push(await measure(row, { seconds, round: at }));
    const results = rows.map((row) => resultOf(row, rows));
    warn(results);
    const read = await open((target) => openPlimsoll(target, { reads: true }));
    results.push(
      await deliver(read, { callers, seconds: seconds * 2 }),
      await rebuild(read, made.at(-1)!, options.quick ? 20_000 : 1_000_000),
    );
    return {
      bench: "events",
      machine: describeMachine({ ...stores.facts, callers, connections }),
      commit: describeCommit(),
      rounds,
      results,
    };
  } finally {
    for (const system of opened) await system.close();
    for (const store of made) await store.drop();
    await stores.stop();
  }
}

function rowsOf(systems: Readonly<Record<string, EventSystem>>, plimsoll: PlimsollEvents): readonly Row[] {
  const named = Object.entries(systems);
  return [
    ...named.map(([name, system]) => ({
      workload: "append",
      name,
      work: (stream: string) => system.append(stream),
      perStream: 1,
      samples: [],
    })),
    ...named.map(([name, system]) => ({
      workload: "decide",
      name,
      work: (stream: string) => system.decide(stream),
      perStream,
      samples: [],
    })),
    { workload: "emit", name: "raw", work: plimsoll.write, perStream: 1, samples: [] },
    { workload: "emit", name: "plimsoll", work: plimsoll.writeAndEmit, perStream: 1, samples: [] },
  ];
}

async function measure(
  { work, perStream: each, workload }: Row,
  { seconds, round: at }: { readonly seconds: number; readonly round: number },
): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let n = 0; performance.now() - startedAt < seconds * 1_000; n++) {
        await work(`${workload}-${at}-${caller}-${Math.floor(n / each)}`);
        done++;
      }
    }),
  );
  return done / ((performance.now() - startedAt) / 1_000);
}

/** The median of the rounds, and the ratio to what is done by hand in the same round; of `emit`, to the command without. */
function resultOf({ workload, name, samples }: Row, rows: readonly Row[]): Result {
  const ratiosTo = (peer: string) => {
    const other = rows.find((row) => row.workload === workload && row.name === peer);
    return other && samples.map((value, at) => value / other.samples[at]!);
  };
  const ratios = ratiosTo("raw")!;
  const toEmmett = name === "plimsoll" ? ratiosTo("emmett") : undefined;
  return {
    ...{ name, workload, perSecond: Math.round(median(samples)) },
    ...{ ratio: round(median(ratios)), ratioIqr: round(quantile(ratios, 0.75) - quantile(ratios, 0.25)) },
    ...(toEmmett && { toEmmett: round(median(toEmmett)) }),
    ...(name === "emmett" && { peer: true as const }),
  };
}

function warn(results: readonly Result[]): void {
  for (const { name, workload, ratio, toEmmett } of results) {
    if (name !== "plimsoll") continue;
    const bar = workload === "emit" ? bars.emit : bars.hand;
    if (ratio < bar) process.stderr.write(`${String(workload)}: ${ratio} of raw, and the bar is ${bar}\n`);
    if (typeof toEmmett === "number" && toEmmett < bars.emmett)
      process.stderr.write(`${String(workload)}: ${toEmmett} of Emmett, and the bar is ${bars.emmett}\n`);
  }
}
