import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import { keep } from "../harness/server.ts";
import { type Store, startPostgresStores } from "../tasks/stores.ts";
import type { SagaAsk } from "./child.ts";
import { stepCounts } from "./system.ts";

const systems = ["plimsoll", "dbos"] as const;
type System = (typeof systems)[number];
const callers = 64;
const connections = 16;
const bar = 4;
const nothingPending = "(select 1 where false) as nothing";

interface Running {
  readonly name: System;
  readonly store: Store;
  readonly child: ChildProcess;
  readonly perSecond: Map<number, number[]>;
}

/** Sagas of 0, 1 and 5 steps that are started and ended in a second, 64 at once, beside DBOS: each in a process and a database of its own. */
export async function runSagas(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 3 : 9);
  const seconds = options.quick ? 1.5 : 5;
  const stores = await startPostgresStores();
  const running: Running[] = [];
  try {
    for (const name of systems) running.push(await open(name, await stores.create(nothingPending)));
    for (const one of running) await roundOf(one, 0.5);
    for (const { perSecond } of running) perSecond.clear();
    for (let at = 0; at < rounds; at++) for (const one of at % 2 === 0 ? running : running.toReversed()) await roundOf(one, seconds);
    const results = stepCounts.flatMap((steps) => running.map((one) => resultOf(one, steps, running.at(-1)!)));
    for (const { name, steps, ratio } of results)
      if (name === "plimsoll" && ratio < bar)
        process.stderr.write(`sagas of ${String(steps)} steps: ${ratio} of DBOS, and the bar is ${bar}\n`);
    return {
      bench: "sagas",
      machine: describeMachine({ ...stores.facts, callers, connections, bar }),
      commit: describeCommit(),
      rounds,
      results,
    };
  } finally {
    for (const { child } of running) {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    }
    for (const { store } of running) await store.drop();
    await stores.stop();
  }
}

async function open(name: System, store: Store): Promise<Running> {
  const child = fork(fileURLToPath(new URL("child.ts", import.meta.url)), {
    env: { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" },
  });
  keep(child);
  const one: Running = { name, store, child, perSecond: new Map() };
  await ask(one, { open: name, target: { ...store.urls, connections } });
  return one;
}

async function roundOf(one: Running, seconds: number): Promise<void> {
  await one.store.rest();
  for (const steps of stepCounts) {
    const perSecond = await ask(one, { steps, callers, seconds });
    one.perSecond.set(steps, [...(one.perSecond.get(steps) ?? []), perSecond]);
  }
}

async function ask({ name, child }: Running, request: SagaAsk): Promise<number> {
  const answered = once(child, "message");
  child.send(request);
  const [reply] = (await answered) as [{ readonly perSecond?: number; readonly error?: string }];
  if (reply.perSecond === undefined) throw new Error(`${name}: ${reply.error}`);
  return reply.perSecond;
}

/** The median of the rounds, and the ratio to the peer in the same round. */
function resultOf({ name, perSecond }: Running, steps: number, peer: Running): Result {
  const own = perSecond.get(steps)!;
  const ratios = own.map((value, at) => value / peer.perSecond.get(steps)![at]!);
  return {
    name,
    steps,
    perSecond: Math.round(median(own)),
    ratio: round(median(ratios)),
    ratioIqr: round(quantile(ratios, 0.75) - quantile(ratios, 0.25)),
    ...(name === "dbos" && { peer: true as const }),
  };
}
