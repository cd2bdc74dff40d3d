import { setTimeout as pause } from "node:timers/promises";
import type { App } from "../../src/index.ts";
import { median, quantile, round } from "../harness/rounds.ts";
import type { Server } from "../harness/server.ts";
import { actor, where } from "./contract.ts";
import { startCaller, started } from "./latency.ts";

const callees = 3;
const callers = 20;
const pauseMs = 20;
const longestHealMs = 10_000;

/** One call as its caller saw it. `first`: the address that it was sent to first. */
interface Seen {
  readonly at: number;
  readonly ms: number;
  readonly pid: number;
  readonly first: string;
}

/** What one stall did. *Units*: milliseconds since it began, or since it ended. */
interface Stall {
  /** The p99 of calls that were sent to the others alone, by that before the stall. */
  readonly othersP99Ratio: number;
  /** When the last call was sent to the stalled process, but for those that try it. */
  readonly ejectedMs: number;
  readonly backMs: number;
  readonly lost: number;
}

/** Stops one of three processes under load, again and again, and lets it go on. */
export async function measureStalls({ stalls, ms }: { readonly stalls: number; readonly ms: number }) {
  const servers: Server[] = [];
  let app: App | undefined;
  try {
    for (let nth = 0; nth < callees; nth++) servers.push(await started(`callee ${nth}`, "./callee.ts"));
    app = await startCaller(servers.map(({ url }) => url));
    const load = new Load(app);
    await pause(ms);
    const all: Stall[] = [];
    for (let nth = 0; nth < stalls; nth++) all.push(await stall(load, servers[nth % callees] as Server, ms));
    await load.stop();
    const middle = (of: (one: Stall) => number) => round(median(all.map(of)));
    return {
      othersP99Ratio: middle(({ othersP99Ratio }) => othersP99Ratio),
      ejectedMs: Math.max(...all.map(({ ejectedMs }) => ejectedMs)),
      backMs: Math.max(...all.map(({ backMs }) => backMs)),
      lost: all.reduce((sum, { lost }) => sum + lost, 0),
    };
  } finally {
    await app?.stop();
    for (const { pid } of servers) process.kill(pid, "SIGCONT");
    for (const server of servers) await server.stop();
  }
}

/** Calls at a steady pace from many callers, and how each ended. */
class Load {
  seen: Seen[] = [];
  lost = 0;
  readonly #app: App;
  readonly #running: Promise<unknown>;
  #isOver = false;

  /** Where the last call of each caller was sent first. */
  readonly #firstOf = new Map<string, string>();

  constructor(app: App) {
    this.#app = app;
    app.signals.executed.on(
      ({ tenant = "", spans = [] }) => void this.#firstOf.set(tenant, String(spans[0]?.attributes?.["server.address"])),
    );
    this.#running = Promise.all(Array.from({ length: callers }, (_, nth) => this.#call(nth)));
  }

  stop(): Promise<unknown> {
    this.#isOver = true;
    return this.#running;
  }

  async #call(nth: number): Promise<void> {
    await pause((nth * pauseMs) / callers);
    while (!this.#isOver) {
      const at = performance.now();
      const tenant = `caller-${nth}`;
      try {
        const { pid } = await this.#app.call(where, {}, { actor: { ...actor, tenant, claims: { tid: tenant } } });
        this.seen.push({ at, ms: performance.now() - at, pid, first: this.#firstOf.get(tenant) ?? "" });
      } catch {
        this.lost++;
      }
      await pause(pauseMs);
    }
  }
}

async function stall(load: Load, { pid, url }: Server, ms: number): Promise<Stall> {
  const address = new URL(url).origin;
  load.seen = [];
  load.lost = 0;
  await pause(ms);
  const before = load.seen.map((call) => call.ms);
  load.seen = [];
  const stoppedAt = performance.now();
  process.kill(pid, "SIGSTOP");
  await pause(Math.max(ms, 2_500));
  const during = load.seen;
  const others = during.filter(({ first }) => first !== address).map((call) => call.ms);
  // After it was ejected, one call a second tries it.
  const sentThere = during.filter(({ first }) => first === address).map(({ at }) => at - stoppedAt);
  const ejectedMs =
    sentThere.filter((at, nth) => sentThere.some((other, index) => index !== nth && Math.abs(other - at) < 500)).at(-1) ?? 0;
  load.seen = [];
  process.kill(pid, "SIGCONT");
  const wokenAt = performance.now();
  while (!load.seen.some((call) => call.pid === pid) && performance.now() - wokenAt < longestHealMs) await pause(10);
  const backMs = performance.now() - wokenAt;
  return {
    othersP99Ratio: quantile(others, 0.99) / quantile(before, 0.99),
    ...{ ejectedMs: Math.round(ejectedMs), backMs: Math.round(backMs), lost: load.lost },
  };
}
