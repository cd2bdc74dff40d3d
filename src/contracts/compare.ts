import { type Change, Changes } from "./change.ts";
import { compareEvents, compareSignals } from "./compare-events.ts";
import { compareNumbers } from "./compare-numbers.ts";
import { compareOperations } from "./compare-operations.ts";
import { compareTools } from "./compare-tools.ts";
import type { ContractsLock } from "./description.ts";
import { compareGraphql } from "./graphql/compare.ts";

interface Context {
  readonly changes: Changes;
  readonly today: string;
}

/** A part of the lock file, and how two of its descriptions are compared. A further surface is one more row. */
interface Part {
  readonly name: string;
  compare(before: never, after: never, context: Context): void;
}

const parts: readonly Part[] = [
  { name: "rest", compare: compareOperations },
  { name: "events", compare: compareEvents },
  { name: "signals", compare: compareSignals },
  { name: "grpc", compare: compareNumbers },
  { name: "mcp", compare: compareTools },
  { name: "graphql", compare: compareGraphql },
];

/**
 * Lists what changed between two descriptions of the contracts of an app, the breaks first. A part that one of them does not have is not compared.
 * `today`: as in `2026-10-01`: what was announced to go may go after its day.
 */
export function compareContracts(before: ContractsLock, after: ContractsLock, { today }: { readonly today: string }): readonly Change[] {
  const all = parts.flatMap(({ name, compare }) => {
    const changes = new Changes(name);
    const [old, now] = [before[name], after[name]];
    if (old !== undefined && now !== undefined) compare(old as never, now as never, { changes, today });
    return changes.list;
  });
  return [...all.filter(({ severity }) => severity === "break"), ...all.filter(({ severity }) => severity === "harmless")];
}
