import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { readBooks } from "../../examples/shop/provider.ts";
import { systemClock } from "../../src/core/clock.ts";
import { limits } from "../../src/core/limits.ts";
import { choosePort } from "../../src/embedded/port.ts";
import { TestClock } from "../../src/testing/clock.ts";
import { LedgerClient } from "./client.ts";
import { lateMs, type PlantedName } from "./ledger/planted.ts";
import { chargeProblems, ProviderVictim } from "./provider.ts";
import { healed, judge, unhealedOf, type Verdict } from "./verdict.ts";
import { AppVictim, PostgresVictim } from "./victims.ts";

export const kinds = ["app", "worker", "postgres", "postmaster", "backend", "both", "provider"] as const;
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
  readonly providerStarts: number;
  /** Lines of the provider's books at the end. */
  readonly charges: number;
  /** What the provider's books had against the transfers, after each kill and at the end. */
  readonly wronglyCharged: readonly string[];
  /** How often the two were compared. */
  readonly comparisons: number;
  /** From the last answer to the end of the last task; infinite where tasks were left. */
  readonly drainedMs: number;
  /** Kills, and the end, after which tasks were not done in time. */
  readonly unhealed: readonly string[];
  /** Answers that were neither definite nor worth a retry. */
  readonly unexpected: readonly string[];
  /** Processes that served and ended by themselves. */
  readonly ended: readonly string[];
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
  const providerPort = await choosePort(undefined, join(home, "provider-port"), systemClock);
  const provider = new ProviderVictim({ port: providerPort, books: join(home, "books.jsonl"), seed: spec.seed });
  const place = { directory, planted: spec.planted, providerUrl: provider.url };
  const app = new AppVictim({ ...place, port });
  const worker = new AppVictim({ ...place, port: "worker" });
  const server = new PostgresVictim(directory);
  const client = new LedgerClient({ url: `http://127.0.0.1:${port}`, random: () => asking.random() });
  try {
    provider.start();
    app.start();
    client.start(spec.workers ?? 12);
    await recovery({ client, app, server }, 0);
    worker.start();
    const field = { app, worker, server, client, provider, compared: [], random: () => killing.random() };
    const kills = await killAll(spec, field);
    await client.finish(recoverMs);
    await client.replayAll();
    // What is only late is there by then: lost is what a kill has hit.
    if (spec.planted === "answer-before-commit") await wait(2 * lateMs);
    const drainedMs = await healed(() => server.adminUrl, performance.now(), stuckMs);
    await compare(field, spec.planted === undefined);
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
      providerStarts: provider.starts,
      ...charges(field),
      drainedMs,
      unhealed: unhealedOf(kills, { drainedMs, mostMs: healMs }),
      unexpected: client.unexpected,
      ended: [...app.ended, ...worker.ended, ...provider.ended],
      changed: client.changed,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    client.stop();
    await app.stop();
    await worker.stop();
    await provider.stop();
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

interface Field {
  readonly app: AppVictim;
  readonly worker: AppVictim;
  readonly server: PostgresVictim;
  readonly client: LedgerClient;
  readonly provider: ProviderVictim;
  /** What each comparison of the provider's books has found. */
  readonly compared: (readonly string[])[];
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
    if (!impatient) await compare(field);
    // Now and then nothing more is killed until what is left of before is done: each kill alone must heal in time.
    const healedMs = nth % healEvery === 0 && !impatient ? await healed(() => field.server.adminUrl, at, stuckMs) : undefined;
    const kill = { nth, kind, recoveredMs, healedMs };
    done.push(kill);
    onKill?.(kill);
  }
  return done;
}

/** Where the server is away again, the next comparison counts. */
async function compare({ server, provider, compared }: Field, isEnd = false): Promise<void> {
  const found = await chargeProblems(server.adminUrl, provider.books, isEnd).catch(() => undefined);
  if (found !== undefined) compared.push(found);
}

/** What the provider's books came to. */
const charges = ({ compared, provider }: Field) => ({
  wronglyCharged: [...new Set(compared.flat())],
  comparisons: compared.length,
  charges: readBooks(provider.books).length,
});

function strike(kind: Kind, { app, worker, server, provider, random }: Field): void {
  const choose = random();
  if (kind === "app") return app.kill();
  if (kind === "worker") return worker.kill();
  if (kind === "provider") return provider.kill();
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
