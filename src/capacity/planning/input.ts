import type { Language } from "../../design/language.ts";
import type { Design } from "../../design/planning/design.ts";
import { perSecond } from "../../design/quantities/quantity.ts";
import type { OperationDemand } from "../model/system.ts";
import type { Point } from "../queueing/usl.ts";
import { assumedOperation, capacityDefaults } from "./defaults.ts";
import type { Assumed } from "./plan.ts";

/** What was measured of an app: the content of `demands.json`. */
export interface MeasuredDemands {
  readonly format: 1;
  /** Which run measured it, as in `load/shop.ts at 40/s`. */
  readonly from: string;
  readonly operations: readonly OperationDemand[];
  /** Connections of one process to each upstream. */
  readonly upstreams: Readonly<Record<string, number>>;
  /** Connections of the pool of one process. */
  readonly pool: number;
  /** How many were in flight at which throughput. */
  readonly points: readonly Point[];
}

/** What a person says beside the design. */
export interface PlanSettings {
  readonly peak?: number;
  readonly databaseCores?: number;
  readonly maxConnections?: number;
}

/** What sizes and limits follow from. */
export type PlannedLoad = Pick<PlanInput, "peak" | "mean" | "deadlineMs" | "operations" | "measured" | "databaseCores" | "maxConnections">;

/** All that a plan is made from. */
export interface PlanInput {
  readonly title: string;
  readonly language: Language;
  readonly file: string;
  /** *Units*: requests per second. */
  readonly peak: number;
  readonly mean: number;
  readonly loadFormula: string;
  readonly loadFrom: readonly string[];
  readonly deadlineMs: number;
  readonly operations: readonly OperationDemand[];
  readonly measured: MeasuredDemands | undefined;
  readonly databaseCores: number;
  readonly maxConnections: number;
  /** Events that the document states or that writes lead to, per second at the peak. */
  readonly events: { readonly rate: number; readonly formula: string; readonly from: readonly string[] };
  readonly assumed: readonly Assumed[];
}

/** What a plan needs of a design. */
export type PlannedDesign = Pick<Design, "title" | "language" | "file" | "load" | "deadlineMs" | "needs" | "concerns" | "assumptions">;

/** Joins a design, what was measured and what a person says. */
export function inputOf(
  design: PlannedDesign,
  { measured, settings }: { readonly measured?: MeasuredDemands | undefined; readonly settings: PlanSettings },
): PlanInput {
  const d = capacityDefaults;
  const { load, needs } = design;
  const peak = settings.peak ?? load.peak;
  const mean = settings.peak === undefined || load.peak === 0 ? load.mean : (load.mean / load.peak) * settings.peak;
  const placed = needs.filter(({ id }) => load.from.includes(id)).map(placeOf);
  const alone = assumedOperation(design.deadlineMs);
  return {
    title: design.title,
    language: design.language,
    file: design.file,
    ...{ peak, mean, deadlineMs: design.deadlineMs },
    loadFormula: settings.peak === undefined ? load.formula : `${settings.peak}/s`,
    loadFrom: settings.peak === undefined ? placed : ["--peak"],
    operations: measured?.operations ?? [alone],
    measured,
    databaseCores: settings.databaseCores ?? d.databaseCores,
    maxConnections: settings.maxConnections ?? d.maxConnections,
    events: eventsOf(design, mean === 0 ? peak : Math.max(peak, mean)),
    assumed: [
      ...(load.mean > 0 ? [{ name: "peak-factor", value: Number((load.peak / load.mean).toPrecision(3)) }] : []),
      ...design.assumptions.flatMap(({ code, value }) =>
        code !== "peak-factor" && /^\d+(?:\.\d+)?$/.test(value) ? [{ name: code, value: Number(value) }] : [],
      ),
      ...(measured === undefined
        ? [
            { name: "loop-ms", value: alone.loopMs + alone.heldLoopMs },
            { name: "postgres-ms", value: alone.databaseMs },
            { name: "connection-ms", value: alone.heldLoopMs + alone.databaseMs + alone.heldMs },
            { name: "variation", value: alone.variation },
          ]
        : []),
      ...(settings.databaseCores === undefined ? [{ name: "postgres-cores", value: d.databaseCores }] : []),
      ...(settings.maxConnections === undefined ? [{ name: "max-connections", value: d.maxConnections }] : []),
      { name: "busy-share", value: d.busyShare },
      { name: "write-share", value: d.writeShare },
      { name: "bytes-per-write", value: d.bytesPerWrite },
      { name: "storage-bytes", value: d.storageBytes },
      { name: "process-mib", value: d.processMb },
      { name: "request-mib", value: d.requestMb },
      { name: "task-ms", value: d.taskMs },
    ],
  };
}

function placeOf({ source: { file, line, column, quote } }: Design["needs"][number]): string {
  return `${file}:${line}:${column} “${quote}”`;
}

const follows: ReadonlySet<string> = new Set(["events", "notifications", "webhooks", "payments", "workflow"]);

function eventsOf({ needs, concerns }: PlannedDesign, peak: number): PlanInput["events"] {
  const d = capacityDefaults;
  const stated = needs
    .filter(({ quantity }) => quantity.measure === "rate" && /event|message|record/.test(quantity.subject ?? ""))
    .toSorted((one, other) => perSecond(other.quantity) - perSecond(one.quantity))[0];
  if (stated !== undefined)
    return { rate: perSecond(stated.quantity), formula: `${perSecond(stated.quantity)}/s`, from: [placeOf(stated)] };
  const share = concerns.some(({ name }) => follows.has(name)) ? d.eventsPerWrite : 0;
  return {
    rate: peak * d.writeShare * share,
    formula: `${peak}/s × ${d.writeShare} × ${share}`,
    from: share === 0 ? [] : ["write-share"],
  };
}
