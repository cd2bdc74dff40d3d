import type { Client } from "pg";
import { type Harm, outlineOf, type PlanNode, readsWithoutIndex, sorts } from "./plan.ts";
import type { WrittenStatement } from "./statements.ts";

/** A statement with its plan. */
export interface Explained extends Pick<WrittenStatement, "place" | "text"> {
  /** Its nodes in one line. */
  readonly outline: string;
  /** As PostgreSQL writes it, for whatever parameters. */
  readonly plan: PlanNode;
  readonly harms: readonly Harm[];
}

/** A statement that PostgreSQL does not plan, with its reason. */
export interface Unexplained extends Pick<WrittenStatement, "place" | "text"> {
  readonly reason: string;
}

/** How long PostgreSQL may plan one statement. *Units*: milliseconds. */
const planMs = 5_000;

/**
 * Plans statements for whatever parameters (PostgreSQL's generic plan), without running them.
 * How full the tables are decides what PostgreSQL does, and tables of tests are empty: so it is asked again with reading whole tables, hashing and merging made dear.
 * What it still does then, it does because there is no index.
 */
export async function explainAll(client: Client, statements: readonly WrittenStatement[]): Promise<readonly (Explained | Unexplained)[]> {
  const { rows } = await client.query<{ name: string }>(
    "select n.nspname || '.' || c.relname as name from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where i.indpred is not null",
  );
  const partial = new Set(rows.map(({ name }) => name));
  const done: (Explained | Unexplained)[] = [];
  for (const one of statements) done.push(await explain(client, { one, partial }));
  return done;
}

async function explain(
  client: Client,
  { one, partial }: { one: WrittenStatement; partial: ReadonlySet<string> },
): Promise<Explained | Unexplained> {
  const { place, text, allows } = one;
  await client.query(`begin; set local statement_timeout = ${planMs}; set local plan_cache_mode = force_generic_plan`);
  try {
    await client.query(`prepare plimsoll_explained as ${text}`);
    const { rows } = await client.query<{ count: number }>(
      "select coalesce(cardinality(parameter_types), 0) as count from pg_catalog.pg_prepared_statements where name = 'plimsoll_explained'",
    );
    const plan = () => planOf(client, rows[0]?.count ?? 0);
    const usual = await plan();
    await client.query("set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off");
    const harms = [...readsWithoutIndex(await plan(), partial)];
    const sorted = sorts(usual);
    if (sorted.length > 0) {
      await client.query("set local enable_sort = off");
      const ordered = await plan();
      // An index that gives the order counts if it also serves the condition.
      if (sorts(ordered).length > 0 || readsWithoutIndex(ordered, partial).length > harms.length) harms.push(...sorted);
    }
    return { place, text, outline: outlineOf(usual), plan: usual, harms: harms.filter(({ hurts }) => !allows.has(hurts)) };
  } catch (error) {
    return { place, text, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.query("rollback");
    // What is prepared outlives the transaction.
    await client.query("deallocate all");
  }
}

async function planOf(client: Client, parameters: number): Promise<PlanNode> {
  const given = parameters === 0 ? "" : `(${Array.from({ length: parameters }, () => "null").join(", ")})`;
  // A plan is kept, also where the settings that it was made under are others by now.
  await client.query("discard plans");
  const { rows } = await client.query<{ "QUERY PLAN": readonly { readonly Plan: PlanNode }[] }>(
    `explain (verbose, costs, format json) execute plimsoll_explained${given}`,
  );
  return rows[0]!["QUERY PLAN"][0]!.Plan;
}
