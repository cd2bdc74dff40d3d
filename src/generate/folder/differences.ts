import type { AppModel } from "../model/model.ts";
import { type Manifest, operationsOf } from "./manifest.ts";
import { tablesOf } from "./tables.ts";

/** What changed between what was written and what the design says now. */
export interface Differences {
  /** As in `+ orders.refund-order POST /orders/{orderId}/refund`. */
  readonly operations: readonly string[];
  /** As in `+ orders.orders.currency`. */
  readonly columns: readonly string[];
  /** As in `deadlineMs 300 → 200`. */
  readonly budget: readonly string[];
}

/** Compares a model with the record of the last generation. */
export function differencesOf(app: AppModel, before: Manifest): Differences {
  const now = operationsOf(app);
  const old = before.operations;
  const named = (name: string, route: string): string => (route === "" ? name : `${name} ${route}`);
  const columns = (tables: Manifest["tables"]): readonly string[] =>
    Object.entries(tables).flatMap(([table, one]) => one.columns.map((column) => `${table}.${column}`));
  const [columnsNow, columnsBefore] = [columns(tablesOf(app)), columns(before.tables)];
  return {
    operations: [
      ...Object.entries(now).flatMap(([name, route]) => (old[name] === route ? [] : [`+ ${named(name, route)}`])),
      ...Object.entries(old).flatMap(([name, route]) => (now[name] === route ? [] : [`- ${named(name, route)}`])),
    ],
    columns: [
      ...columnsNow.filter((column) => !columnsBefore.includes(column)).map((column) => `+ ${column}`),
      ...columnsBefore.filter((column) => !columnsNow.includes(column)).map((column) => `- ${column}`),
    ],
    budget: (["deadlineMs", "concurrency", "queue"] as const).flatMap((name) =>
      before.budget?.[name] === app.budget[name] ? [] : [`${name} ${before.budget?.[name]} → ${app.budget[name]}`],
    ),
  };
}
