import { parseArgs } from "node:util";

export interface BenchOptions {
  /** Print one JSON object and nothing else. */
  readonly json: boolean;
  /** The subject, the baseline and the nearest peer only, in shorter rounds. */
  readonly quick: boolean;
  /** *Default*: the bench's own, at least 9. */
  readonly rounds: number | undefined;
  /** Measure these only; the baseline always comes along. */
  readonly only: readonly string[] | undefined;
  /** What is random in `overload` follows from it. *Default*: another one each time, which is printed. */
  readonly seed?: number | undefined;
}

export const benches = [
  "http",
  "query",
  "command",
  "start",
  "types",
  "tasks",
  "task-life",
  "crunch",
  "task-designs",
  "policies",
  "overload",
  "limits",
  "processes",
  "caches",
  "relay",
  "sign-in",
  "streams",
  "sagas",
  "events",
  "webhooks",
  "grpc",
  "graphql",
  "remote",
  "messaging",
] as const;
export type Bench = (typeof benches)[number];

export const usage = `usage: npm run bench -- <${benches.join("|")}> [--json] [--quick] [--rounds N] [--only name,name] [--seed N]`;

/** What the command line asks for, or what is wrong with it. */
export function readOptions(
  args: readonly string[],
): { readonly bench: Bench; readonly options: BenchOptions } | { readonly problem: string } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: "boolean" },
        quick: { type: "boolean" },
        rounds: { type: "string" },
        only: { type: "string" },
        seed: { type: "string" },
      },
    });
    const [bench, ...rest] = positionals;
    if (rest.length > 0 || !benches.includes(bench as Bench)) return { problem: `name one bench of ${benches.join(", ")}` };
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) return { problem: "--rounds takes a whole number above 0" };
    const seed = values.seed === undefined ? undefined : Number(values.seed);
    if (seed !== undefined && !Number.isInteger(seed)) return { problem: "--seed takes a whole number" };
    return {
      bench: bench as Bench,
      options: { json: values.json ?? false, quick: values.quick ?? false, rounds, only: values.only?.split(","), seed },
    };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** Whom to measure: all, those of `--quick`, or those of `--only`, always with the baseline. */
export function chosen<T extends { readonly name: string; readonly quick: boolean }>(
  all: readonly T[],
  { only, quick }: BenchOptions,
): T[] {
  const unknown = only?.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) throw new Error(`--only knows no ${unknown}: choose of ${all.map(({ name }) => name).join(", ")}`);
  return all.filter(({ name, quick: isQuick }) => name === "raw" || (only ? only.includes(name) : !quick || isQuick));
}
