import type { Connection } from "./connection.ts";
import { databaseFault } from "./faults.ts";

/** Lends a connection for a bounded time. *Units*: milliseconds. */
export interface Lender {
  borrow<T>(withinMs: number, work: (connection: Connection) => Promise<T>): Promise<T>;
}

/** Uses a connection of the database for so long; whatever fails is a fault. */
export async function borrowed<T>(lender: Lender, withinMs: number, work: (connection: Connection) => Promise<T>): Promise<T> {
  try {
    return await lender.borrow(withinMs, work);
  } catch (error) {
    throw databaseFault(error);
  }
}
