import type { Language } from "../../design/language.ts";
import type { OperationDemand, StationKind, StationUse } from "../model/system.ts";
import type { Usl } from "../queueing/usl.ts";

/** Every figure of a plan, by the name that `--why` takes. */
export const figureNames = [
  "peak",
  "mean",
  "response",
  "p99",
  "concurrency",
  "replicas",
  "pool",
  "slots",
  "queue",
  "memory",
  "connections",
  "postgres-cores",
  "line",
  "events",
  "tasks",
  "task-slots",
  "storage",
] as const;

/** One of the {@link figureNames}. */
export type FigureName = (typeof figureNames)[number];

/** What a figure counts. */
export type FigureUnit = "per-second" | "ms" | "count" | "mib" | "gb-per-year";

/** A number of a plan with the way that leads to it. */
export interface Figure {
  readonly name: FigureName;
  readonly value: number;
  readonly unit: FigureUnit;
  /** The formula with the numbers in it. */
  readonly formula: string;
  /** Where the numbers come from: places of the document, measurements, and the names of what is assumed. */
  readonly from: readonly string[];
  /** What the formula rests on. */
  readonly source: string;
}

/** A plan at one multiple of the load. */
export interface ScalePlan {
  readonly times: number;
  readonly figures: readonly Figure[];
  /** The scarcest first. */
  readonly stations: readonly StationUse[];
}

/** What there is only so much of, and does not grow by adding processes. */
export type Resource = StationKind | "connections" | "storage";

/** When a resource gives out. */
export interface Break {
  readonly resource: Resource;
  /** At which multiple of the load, with processes added as needed. */
  readonly times: number;
  readonly formula: string;
}

/** What a month costs, in amounts. */
export interface Cost {
  readonly driver: "app-cores" | "postgres-cores" | "memory" | "storage";
  /** In core-hours, GiB-hours or GB. */
  readonly value: number;
  readonly formula: string;
}

/** The load line by different models, for the processes of the plan. *Units*: executions per second. */
export interface Models {
  readonly queueing: number;
  readonly little: number;
  /** Not there without measured points. */
  readonly usl?: Usl;
}

/** Something that is neither stated nor measured. */
export interface Assumed {
  readonly name: string;
  readonly value: number;
}

/** A capacity plan: the content of `plan.json`. */
export interface Plan {
  readonly format: 1;
  readonly title: string;
  readonly language: Language;
  /** The document that the load comes from. */
  readonly file: string;
  /** Whether the demands of operations were measured. */
  readonly basis: "assumed" | "measured";
  readonly deadlineMs: number;
  readonly operations: readonly OperationDemand[];
  readonly scales: readonly ScalePlan[];
  /** The first to give out first. */
  readonly breaks: readonly Break[];
  readonly models: Models;
  readonly costs: readonly Cost[];
  readonly assumed: readonly Assumed[];
}

/** Returns a figure at 1 × of the load. */
export function figureOf(plan: Pick<Plan, "scales">, name: FigureName): Figure | undefined {
  return plan.scales[0]?.figures.find((one) => one.name === name);
}
