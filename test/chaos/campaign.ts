import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../../src/core/clock.ts";
import { limits } from "../../src/core/limits.ts";
import { choosePort } from "../../src/embedded/port.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { LedgerClient } from "./client.ts";
import { lateMs, type PlantedName } from "./ledger/planted.ts";
import { healed, judge, type Verdict } from "./verdict.ts";
import { AppVictim, PostgresVictim } from "./victims.ts";

export const kinds = ["app", "worker", "postgres", "postmaster", "backend", "both"] as const;
export type Kind = (typeof kinds)[number];

export interface CampaignSpec {
  readonly kills: number;
  /** The same seed kills the same things after the same pauses; what it hits depends on the machine. */
  readonly seed: number;
  readonly workers?: number;
  /** Which kinds of kill. *Default*: all. */
  readonly only?: readonly Kind[];
  /** A bug of the app that the verdict must show. */
  readonly planted?: PlantedName;
  /** Hears of every kill. */
  readonly onKill?: (kill: Kill) => void;
}

export interface Kill {
  readonly nth: number;
  readonly kind: Kind;
  /** From the kill to the first answer to something that was sent after it; undefined where the next kill came first. */
  readonly recoveredMs: number | undefined;
  /** From the kill until no task from before it was left, where that was waited for. Infinite where it did not come to that. */
  readonly healedMs: number | undefined;
}

export interface Report extends Verdict {
  readonly kills: readonly Kill[];
  readonly commands: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly attempts: number;
  readonly retries: number;
  readonly appStarts: number;
  readonly workerStarts: number;
  /** From the last answer to the end of the last task; infinite where tasks were left. */
  readonly drainedMs: number;
  /** Kills, and the end, after which tasks were not done in time. */
  readonly unhealed: readonly string[];
  /** Answers that were neither definite nor worth a retry. */
  readonly unexpected: readonly string[];
  /** Keys that were answered differently when they were sent again. */
  readonly changed: readonly string[];
  readonly durationMs: number;
}

const recoverMs = 60_000;
/** A lease, and a look of the worker that takes over. */
export const healMs = limits.taskLeaseMs + 2_000;
/** So long is waited to see by how much it was missed. */
const stuckMs = 30_000;
const healEvery = 10;

/** Lets clients work, kills what serves them again and again, and compares in the end what is there with the responses that they got. */
export async function campaign(spec: CampaignSpec): Promise<Report> {
  const startedAt = performance.now();
  const home = mkdtempSync(join(tmpdir(), "plimsoll-chaos-"));
  const directory = join(home, "data");
  const port = await choosePort(undefined, join(home, "port"), systemClock);
  // Two streams: how often the client asks must not change what is killed.
  const killing = new TestClock({ seed: spec.seed });
  const asking = new TestClock({ seed: spec.seed + 1 });
  const app = new AppVictim({ directory, port, planted: spec.planted });
  const worker = new AppVictim({ directory, port: "worker", planted: spec.planted });
  const server = new PostgresVictim(directory);
  const client = new LedgerClient({ url: `http://127.0.0.1:${port}`, random: () => asking.random() });
  try {
    app.start();
    client.start(spec.workers ?? 12);
    await recovery({ client, app, server }, 0);
    worker.start();
    const kills = await killAll(spec, { app, worker, server, client, random: () => killing.random() });
    await client.finish(recoverMs);
    await client.replayAll();
    // What is only late is there by then: lost is what a kill has hit.
    if (spec.planted === "answer-before-commit") await wait(2 * lateMs);
    const drainedMs = await healed(() => server.adminUrl, performance.now(), stuckMs);
    const verdict = await judge(server.adminUrl, client);
    const answers = [...client.acknowledged.values()];
    return {
      ...verdict,
      kills,
      commands: client.sent.size,
      acknowledged: answers.length,
      refused: answers.filter(({ status }) => status !== 200).length,
      attempts: client.attempts,
      retries: client.retries,
      appStarts: app.starts,
      workerStarts: worker.starts,
      drainedMs,
      unhealed: [
        ...kills.flatMap(({ nth, kind, healedMs = 0 }) => (healedMs > healMs ? [`kill ${nth} of ${kind}: ${healedMs} ms`] : [])),
        ...(drainedMs > healMs ? [`the end: ${drainedMs} ms`] : []),
      ],
      unexpected: client.unexpected,
      changed: client.changed,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    client.stop();
    await app.stop();
    await worker.stop();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

interface Field {
  readonly app: AppVictim;
  readonly worker: AppVictim;
  readonly server: PostgresVictim;
  readonly client: LedgerClient;
  readonly random: () => number;
}

async function killAll({ kills, only = kinds, onKill }: CampaignSpec, field: Field): Promise<Kill[]> {
  const done: Kill[] = [];
  for (let nth = 1; nth <= kills; nth++) {
    await wait(field.random() * 700);
    const kind = only[Math.floor(field.random() * only.length)]!;
    const at = performance.now();
    strike(kind, field);
    // One in five is killed again before it has recovered, except at the end.
    const impatient = nth < kills && field.random() < 0.2;
    if (impatient) await wait(field.random() * 600);
    else await recovery(field, at);
    const recoveredMs = impatient ? undefined : performance.now() - at;
    // Now and then nothing more is killed until what is left of before is done: each kill alone must heal in time.
    const healedMs = nth % healEvery === 0 && !impatient ? await healed(() => field.server.adminUrl, at, stuckMs) : undefined;
    const kill = { nth, kind, recoveredMs, healedMs };
    done.push(kill);
    onKill?.(kill);
  }
  return done;
}

function strike(kind: Kind, { app, worker, server, random }: Field): void {
  const choose = random();
  if (kind === "app") return app.kill();
  if (kind === "worker") return worker.kill();
  if (kind === "backend") return server.killBackend(choose);
  if (kind === "postmaster") server.killPostmaster();
  else server.killAll();
  // Where both died, the app starts the server with itself.
  if (kind === "both") app.kill();
  else server.restart();
}

async function recovery({ client, app, server }: Pick<Field, "client" | "app" | "server">, after: number): Promise<void> {
  const tooLong = AbortSignal.timeout(recoverMs);
  await client.answered
    .next(({ sentAt }) => sentAt > after, tooLong)
    .catch((cause) => {
      throw new Error(
        `nothing was answered for ${recoverMs} ms; the app was started ${app.starts} times and wrote: ${app.output}\nThe server ${server.state()}\nThe last attempts ended with:\n${client.undecided.join("\n")}`,
        { cause },
      );
    });
}
