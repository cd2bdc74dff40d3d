import { z } from "zod";
import { type Clock, command, lock, module, systemClock } from "../../src/index.ts";
import type { TestDatabase } from "../../src/testing/database.ts";

// Holders who write down their token, in a table that shows in which order they came.

export const turf = lock("w.turf", { lease: "1s" });

/** `fence: false` is the planted bug. */
export const write = command("w.write", {
  input: z.object({ token: z.int(), by: z.string(), fence: z.boolean() }),
  output: z.object({}),
  access: "public",
  idempotent: "no",
  budget: "1s",
  async run({ token, by, fence }, { sql }) {
    if (fence) await turf.fence(sql, token);
    await sql`insert into w.writes (token, by) values (${token}, ${by})`.run();
    return {};
  },
});

export const w = module("w", { schema: "w", migrations: new URL("./writes/", import.meta.url), operations: [write] });

export interface Write extends Record<string, unknown> {
  readonly seq: number;
  readonly token: number;
  readonly by: string;
}

export const written = (database: TestDatabase): Promise<Write[]> =>
  database.admin<Write>("select seq::integer, token::integer, by from w.writes order by seq");

/** Writes of a holder that came after one of a later holder. */
export function stale(writes: readonly Write[]): readonly Write[] {
  let newest = 0;
  return writes.filter(({ token }) => {
    newest = Math.max(newest, token);
    return token < newest;
  });
}

/** A process whose timers can be kept from running, as when it stands still. */
export class FreezingClock implements Clock {
  readonly now = systemClock.now;
  readonly monotonic = systemClock.monotonic;
  readonly random = systemClock.random;
  readonly randomBytes = systemClock.randomBytes;
  readonly uuid = systemClock.uuid;
  #frozen: (() => void)[] | undefined;

  schedule(delayMs: number, callback: () => void) {
    let cancelled = false;
    const run = () => void (cancelled || callback());
    const timer = systemClock.schedule(delayMs, () => (this.#frozen === undefined ? run() : void this.#frozen.push(run)));
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  freeze(): void {
    this.#frozen = [];
  }

  thaw(): void {
    const due = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const run of due) run();
  }
}
