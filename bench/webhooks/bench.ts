import type { EventTarget } from "../events/system.ts";
import type { BenchOptions } from "../harness/options.ts";
import { describeCommit, describeMachine, type Report, type Result } from "../harness/report.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import { type Store, startPostgresStores } from "../tasks/stores.ts";
import { openByHand } from "./by-hand.ts";
import { openPlimsoll } from "./plimsoll.ts";
import { Sender } from "./sender.ts";

const connections = 16;
const callers = 32;
const perSecond = 500;
const p99BarMs = 50;
const nothingPending = "(select 1 where false) as nothing";

/** A server that receives webhooks. */
export interface Intake {
  readonly url: string;
  close(): Promise<void>;
}

interface Contender {
  readonly name: string;
  readonly sender: Sender;
  readonly rates: number[];
  readonly latencies: (number | undefined)[];
}

/**
 * Webhooks that come in, signed by Standard Webhooks and kept before the response: as many as go with 32 callers, and how long a response takes at 500 a second,
 * which come whether or not those before have their response.
 */
export async function runWebhooks(options: BenchOptions): Promise<Report> {
  const rounds = options.rounds ?? (options.quick ? 3 : 9);
  const seconds = options.quick ? 1.5 : 5;
  const stores = await startPostgresStores();
  const made: Store[] = [];
  const intakes: Intake[] = [];
  const contenders: Contender[] = [];
  try {
    const opens: Readonly<Record<string, (target: EventTarget) => Promise<Intake>>> = { raw: openByHand, plimsoll: openPlimsoll };
    for (const [name, open] of Object.entries(opens)) {
      const store = await stores.create(nothingPending);
      made.push(store);
      const intake = await open({ ...store.urls, connections });
      intakes.push(intake);
      contenders.push({ name, sender: new Sender(intake.url), rates: [], latencies: [] });
    }
    for (const { sender } of contenders) await closed(sender, 0.3);
    for (let at = 0; at < rounds; at++)
      for (const one of at % 2 === 0 ? contenders : contenders.toReversed()) {
        one.rates.push(await closed(one.sender, seconds));
        one.latencies.push(...(await opened(one.sender, seconds)));
      }
    const results = contenders.map((one) => resultOf(one, contenders[0]!));
    for (const { name, p99Ms } of results)
      if (name === "plimsoll" && (p99Ms ?? 0) > p99BarMs)
        process.stderr.write(`webhooks: p99 ${p99Ms} ms at ${perSecond}/s, and the bar is ${p99BarMs}\n`);
    return {
      bench: "webhooks",
      machine: describeMachine({ ...stores.facts, callers, connections, openLoop: perSecond }),
      commit: describeCommit(),
      rounds,
      results,
    };
  } finally {
    for (const { sender } of contenders) sender.close();
    for (const intake of intakes) await intake.close();
    for (const store of made) await store.drop();
    await stores.stop();
  }
}

async function closed(sender: Sender, seconds: number): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (performance.now() - startedAt < seconds * 1_000) {
        if ((await sender.send()) !== undefined) done++;
      }
    }),
  );
  return done / ((performance.now() - startedAt) / 1_000);
}

/** Each is sent at its time, also where the process was late: what it waited for that counts. */
async function opened(sender: Sender, seconds: number): Promise<readonly (number | undefined)[]> {
  const startedAt = performance.now();
  const sent: Promise<number | undefined>[] = [];
  while (sent.length < seconds * perSecond) {
    const dueMs = (sent.length * 1_000) / perSecond;
    const lateMs = performance.now() - startedAt - dueMs;
    if (lateMs < 0) await new Promise((resolve) => setTimeout(resolve, Math.max(1, -lateMs)));
    else sent.push(sender.send().then((ms) => (ms === undefined ? undefined : ms + lateMs)));
  }
  return Promise.all(sent);
}

function resultOf({ name, rates, latencies }: Contender, raw: Contender): Result {
  const served = latencies.filter((ms) => ms !== undefined);
  const ratios = rates.map((value, at) => value / raw.rates[at]!);
  return {
    ...{ name, perSecond: Math.round(median(rates)), ratio: round(median(ratios)) },
    ...{ ratioIqr: round(quantile(ratios, 0.75) - quantile(ratios, 0.25)) },
    ...{ p50Ms: round(quantile(served, 0.5)), p99Ms: round(quantile(served, 0.99)), refused: latencies.length - served.length },
  };
}
