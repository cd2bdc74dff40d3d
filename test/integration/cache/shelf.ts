import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type App, command, type Module, module, query } from "plimsoll";
import { z } from "zod";
import { systemClock } from "../../../src/core/clock.ts";
import { type ScratchModule, scratchModule } from "../scratch.ts";

/** A module with a cached query over one table, and a command that changes it; each app gets its own with its count of loads. */
export interface Shelf extends Disposable {
  readonly modules: readonly Module[];
  readonly read: ReturnType<typeof readOf>;
  readonly change: ReturnType<typeof changeOf>;
  /** Loads by key. */
  readonly loads: Map<string, number>;
}

const Item = z.object({ key: z.string(), version: z.int() });

export function shelfMigrations(): ScratchModule {
  return scratchModule(
    {
      "0001_items.sql": "create table shelf.items (key text primary key, version integer not null);",
    },
    "shelf",
  );
}

function readOf(loads: Map<string, number>, ttl: "1h" | "2s") {
  return query("shelf.read", {
    input: z.object({ key: z.string() }),
    output: Item,
    access: "public",
    budget: "10s",
    cache: { ttl, per: "public", tags: ({ key }) => [`item:${key}`] },
    run: async ({ key }, { sql }) => {
      loads.set(key, (loads.get(key) ?? 0) + 1);
      return (await sql(Item)`select key, version from shelf.items where key = ${key}`.maybe()) ?? { key, version: 0 };
    },
  });
}

function changeOf() {
  return command("shelf.change", {
    input: z.object({
      key: z.string(),
      fails: z.boolean().optional(),
      tags: z.array(z.string()).optional(),
      undone: z.string().optional(),
    }),
    output: z.object({ version: z.int() }),
    access: "public",
    idempotent: "no",
    budget: "10s",
    run: async ({ key, fails, tags = [], undone }, { sql, invalidate, attempt }) => {
      invalidate(`item:${key}`, ...tags);
      if (undone !== undefined)
        await attempt(async () => {
          invalidate(`item:${undone}`);
          throw new Error("undone");
        }).catch(() => undefined);
      const changed = await sql(z.object({ version: z.int() }))`
        insert into shelf.items as i (key, version) values (${key}, 1)
        on conflict (key) do update set version = i.version + 1 returning i.version`.one();
      if (fails) throw new Error("rolled back");
      return changed;
    },
  });
}

export function shelf(migrations: ScratchModule, ttl: "1h" | "2s" = "1h"): Shelf {
  const loads = new Map<string, number>();
  const [read, change] = [readOf(loads, ttl), changeOf()];
  const declared = module("shelf", { schema: "shelf", migrations: migrations.migrations as URL, operations: [read, change] });
  return { modules: [declared], read, change, loads, [Symbol.dispose]: () => undefined };
}

/** So much of each look counts as time: what a busy machine takes beyond that is not of the cache. */
const lookMs = 20;

/** Asks until the value is there. Returns how long that took on a machine that is not busy; fails after two seconds. */
export async function msUntil(
  app: App,
  { read }: Shelf,
  { key, version }: { readonly key: string; readonly version: number },
): Promise<number> {
  let tookMs = 0;
  for (let since = systemClock.monotonic(); ; ) {
    const found = await app.call(read, { key });
    const now = systemClock.monotonic();
    tookMs += Math.min(lookMs, now - since);
    since = now;
    if (found.version === version) return tookMs;
    assert.ok(tookMs < 2_000, `version ${found.version} after ${Math.round(tookMs)} ms`);
    await pause(2);
  }
}
