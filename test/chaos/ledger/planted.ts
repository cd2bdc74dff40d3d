import pg from "pg";
import type { Sql } from "plimsoll";
import { makeSql } from "../../../src/operation/sql.ts";
import { move, type Transfer } from "./ledger.ts";

// Bugs that the campaign must find: each breaks one promise, and shows only when something dies at the wrong moment.

export type PlantedBug = (
  input: Transfer,
  scope: { readonly sql: Sql; readonly newId: () => string },
) => Promise<{ transferId: string; balance: number }>;

export const plantedNames = ["effect-apart", "answer-before-commit", "lazy-commit", "charge-by-new-key"] as const;
export type PlantedName = (typeof plantedNames)[number];

/** How long an effect comes after its answer: longer than a kill after an answer, so that each kill that follows one hits. */
export const lateMs = 2_000;
/** How long an effect is there before its record: with a few clients at work, a kill finds one of them in between. */
const apartMs = 100;

/** Makes a bug; `url` leads to the database past the app's own connections. */
export function plantedBug(name: PlantedName, url: () => string): PlantedBug | undefined {
  if (name === "charge-by-new-key") return undefined;
  if (name === "lazy-commit") return lazyCommit;
  let pool: pg.Pool | undefined;
  const apart = async (work: (sql: Sql) => Promise<{ transferId: string; balance: number }>) => {
    pool ??= new pg.Pool({ connectionString: url(), max: 4 }).on("error", () => undefined);
    const client = await pool.connect();
    try {
      await client.query("begin");
      const run = async ({ text, values }: { text: string; values: readonly unknown[] }) => {
        const { rows, rowCount } = await client.query(text, [...values]);
        return { rows: rows.map((row) => ("balance" in row ? { ...row, balance: Number(row.balance) } : row)), rowCount: rowCount ?? 0 };
      };
      const done = await work(makeSql({ run }));
      await client.query("commit");
      client.release();
      return done;
    } catch (error) {
      client.release(true);
      throw error;
    }
  };
  if (name === "effect-apart")
    return async (input, { newId }) => {
      const done = await apart((sql) => move(sql, input, newId));
      await new Promise((resolve) => setTimeout(resolve, apartMs));
      return done;
    };
  return async (input, { newId }) => {
    const transferId = newId();
    const ids = [transferId];
    setTimeout(() => {
      apart((sql) => move(sql, input, () => ids.pop() ?? newId())).catch(() => undefined);
    }, lateMs);
    return { transferId, balance: 0 };
  };
}

/** Answers when the commit is in memory, not on disk: only the death of the server shows it. */
const lazyCommit: PlantedBug = async (input, { sql, newId }) => {
  await sql`set local synchronous_commit = off`.run();
  return move(sql, input, newId);
};
