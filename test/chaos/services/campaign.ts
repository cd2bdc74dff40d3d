import { setTimeout as wait } from "node:timers/promises";
import { readBooks } from "../../../examples/shop/provider.ts";
import { limits } from "../../../src/core/limits.ts";
import { TestClock } from "../../../src/testing/clock.ts";
import { unhealedOf } from "../verdict.ts";
import { isHealed, judgeShop, type ShopVerdict } from "./books.ts";
import { Buyers } from "./buyers.ts";
import { processes, ShopVictim } from "./shop-victim.ts";

export const kinds = [...processes, "postgres", "postmaster", "backend", "provider"] as const;
export type Kind = (typeof kinds)[number];

export interface ServicesCampaignSpec {
  readonly kills: number;
  /** The same seed kills the same things after the same pauses; what it hits depends on the machine. */
  readonly seed: number;
  /** *Default*: 4. */
  readonly buyers?: number;
  /** Which kinds of kill. *Default*: all. */
  readonly only?: readonly Kind[];
  /** Hears of every kill. */
  readonly onKill?: (kill: Kill) => void;
}

export interface Kill {
  readonly nth: number;
  readonly kind: Kind;
  /** From the kill until a checkout that was sent after it has ended, which all services have a part in; undefined where the next kill came first. */
  readonly recoveredMs: number | undefined;
  /** From when all processes served again until nothing from before was left, where that was waited for. */
  readonly healedMs: number | undefined;
}

export interface ServicesReport extends ShopVerdict {
  readonly kills: readonly Kill[];
  readonly commands: number;
  readonly acknowledged: number;
  readonly cancelled: number;
  readonly attempts: number;
  readonly starts: number;
  readonly charges: number;
  /** Kills, and the end, after which something was left for too long. */
  readonly unhealed: readonly string[];
  readonly unexpected: readonly string[];
  /** Processes that served and ended by themselves. */
  readonly ended: readonly string[];
  readonly changed: readonly string[];
  readonly durationMs: number;
}

const recoverMs = 60_000;
/** A lease, and a look of the worker that takes over. A step that has failed meanwhile waits at most as long again as its callee was away, which counts before. */
export const healMs = limits.taskLeaseMs + 2_000;
const stuckMs = 60_000;
const healEvery = 10;

/** Lets buyers buy, kills the processes of the four services again and again, and compares in the end what is there with the replies that they got. */
export async function servicesCampaign(spec: ServicesCampaignSpec): Promise<ServicesReport> {
  const startedAt = performance.now();
  // Two streams: how often the buyers ask must not change what is killed.
  const killing = new TestClock({ seed: spec.seed });
  const asking = new TestClock({ seed: spec.seed + 1 });
  await using shop = await ShopVictim.start(spec.seed);
  const { token, beginning, fleet, server, provider } = shop;
  const buyers = new Buyers({ url: fleet.url, token, productId: beginning.productId, random: () => asking.random() });
  try {
    buyers.start(spec.buyers ?? 4);
    const kills = await killAll(spec, { shop, buyers, random: () => killing.random() });
    await shop.serves();
    await buyers.finish(recoverMs);
    const drainedMs = await healed(shop, true);
    await buyers.replayAll();
    const verdict = await judgeShop(server.adminUrl, { buyers, books: provider.books, beginning });
    const bought = [...buyers.acknowledged.values()];
    return {
      ...verdict,
      kills,
      commands: buyers.sent.size,
      acknowledged: bought.length,
      cancelled: bought.filter(({ cancelled }) => cancelled).length,
      attempts: buyers.attempts,
      starts: shop.starts,
      charges: readBooks(provider.books).length,
      unhealed: unhealedOf(kills, { drainedMs, mostMs: healMs }),
      unexpected: buyers.unexpected,
      ended: [...shop.ended, ...provider.ended],
      changed: buyers.changed,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    buyers.stop();
  }
}

interface Field {
  readonly shop: ShopVictim;
  readonly buyers: Buyers;
  readonly random: () => number;
}

async function killAll({ kills, only = kinds, onKill }: ServicesCampaignSpec, field: Field): Promise<Kill[]> {
  const { shop, buyers, random } = field;
  await recovery(buyers, 0);
  const done: Kill[] = [];
  for (let nth = 1; nth <= kills; nth++) {
    await wait(random() * 700);
    const kind = only[Math.floor(random() * only.length)]!;
    const at = performance.now();
    strike(kind, field);
    // One in five is followed by the next before the shop has recovered, except at the end.
    const impatient = nth < kills && random() < 0.2;
    if (impatient) await wait(random() * 600);
    else await recovery(buyers, at);
    const recoveredMs = impatient ? undefined : performance.now() - at;
    const healedMs = nth % healEvery === 0 && !impatient ? await shop.serves().then(() => healed(shop)) : undefined;
    const kill = { nth, kind, recoveredMs, healedMs };
    done.push(kill);
    onKill?.(kill);
  }
  return done;
}

function strike(kind: Kind, { shop, random }: Field): void {
  const { server, provider } = shop;
  const choose = random();
  if (kind === "provider") return provider.kill();
  if (kind === "backend") return server.killBackend(choose);
  if (kind !== "postgres" && kind !== "postmaster") return shop.kill(kind);
  if (kind === "postmaster") server.killPostmaster();
  else server.killAll();
  server.restart();
}

async function recovery({ ended }: Buyers, after: number): Promise<void> {
  await ended.next(({ sentAt }) => sentAt > after, AbortSignal.timeout(recoverMs));
}

/** Waits, while the buyers go on, until nothing from before is left, at the end nothing at all; returns how long that took, infinite where it was too long. */
async function healed({ server }: ShopVictim, isEnd = false): Promise<number> {
  const since = performance.now();
  const before = isEnd ? Number.MAX_SAFE_INTEGER : performance.timeOrigin + since;
  while (performance.now() - since < stuckMs) {
    // The server may be starting: then it is asked again once it is there.
    if (await isHealed(server.adminUrl, before).catch(() => false)) return performance.now() - since;
    await wait(50);
  }
  return Number.POSITIVE_INFINITY;
}
