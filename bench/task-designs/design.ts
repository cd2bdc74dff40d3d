import type pg from "pg";

/** A way to keep tasks in tables, with the statements that it needs: prepared, and sent one at a time. */
export interface Design {
  readonly name: string;
  readonly quick: boolean;
  /** The schema that holds all its tables. */
  readonly schema: string;
  create(client: pg.Client): Promise<void>;
  /** Makes tasks durable, all in one statement. */
  insert(client: pg.Client, inputs: readonly string[]): Promise<void>;
  /** Leases up to `limit` tasks; returns what a completion needs. */
  claim(client: pg.Client, limit: number): Promise<Batch>;
  complete(client: pg.Client, batch: Batch): Promise<void>;
  /** What the design does regularly; called after every 1,000 inserts and after every 10,000 completions. */
  readonly afterInserts?: (client: pg.Client) => Promise<void>;
  readonly regularly?: (client: pg.Client) => Promise<void>;
  /** False where nothing is looked for: a claim takes no time then. */
  readonly looks: boolean;
}

export interface Batch {
  readonly size: number;
  readonly handle: unknown;
}

export const token = 1;
export const queue = "q";
