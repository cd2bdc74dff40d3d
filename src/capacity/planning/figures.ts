import { figure } from "../../design/planning/load.ts";
import { timeMs } from "../../design/quantities/quantity.ts";
import { lineRate } from "../model/line.ts";
import { predict } from "../model/predict.ts";
import { aloneMs, holdMs, mean } from "../model/system.ts";
import { capacityDefaults } from "./defaults.ts";
import type { PlanInput } from "./input.ts";
import type { Figure, FigureName, FigureUnit } from "./plan.ts";
import { connectionsOf, memoryOf, operationsAt, type Size, shapeOf } from "./size.ts";

const sources = {
  document: "the document, or the answers to its questions",
  little: "J. Little, A Proof for the Queuing Formula L = λW (1961)",
  erlang: "A. K. Erlang (1917), M/M/c: the fewest places of which at most 1% of arrivals wait",
  utilization: "the utilization law, U = X · D / c",
  network: "the network of queues of src/capacity/model: Chandy, Herzog and Woo (1975), Buzen (1973)",
  connections: "PostgreSQL manual, max_connections",
  assumed: "assumed; plimsoll load --calibrate measures demands",
} as const;

/** What figures are made from at one multiple of the load. */
interface Scaled {
  readonly size: Size;
  readonly times: number;
  readonly databaseCores: number;
}

/** Makes every figure at one multiple of the load, each with its formula. */
export function figuresOf(input: PlanInput, scaled: Scaled): readonly Figure[] {
  return [
    ...loadFigures(input, scaled),
    ...processFigures(input, scaled),
    ...databaseFigures(input, scaled),
    ...workFigures(input, scaled),
  ];
}

interface Made {
  readonly value: number;
  readonly unit: FigureUnit;
  readonly formula: string;
  readonly from: readonly string[];
  readonly source: keyof typeof sources;
}

function made(name: FigureName, { value, source, ...rest }: Made): Figure {
  return { name, value: Number(value.toPrecision(4)), ...rest, source: sources[source] };
}

function demandsFrom({ measured }: PlanInput, ...assumed: readonly string[]): readonly string[] {
  return measured === undefined ? assumed : [measured.from];
}

function loadFigures(input: PlanInput, { size, times, databaseCores }: Scaled): readonly Figure[] {
  const { peak } = size;
  const at = times === 1 ? "" : ` × ${times}`;
  const operations = operationsAt(input, size);
  const fares = predict(shapeOf(input, { ...size, databaseCores }), operations, peak).operations;
  const response = operations.reduce((sum, { share }, index) => sum + share * fares[index]!.meanMs, 0);
  const slowest = fares.reduce((worst, one) => (one.p99Ms > worst.p99Ms ? one : worst));
  const from = [...input.loadFrom, ...demandsFrom(input, "loop-ms", "postgres-ms", "connection-ms")];
  return [
    made("peak", { value: peak, unit: "per-second", formula: `${input.loadFormula}${at}`, from: input.loadFrom, source: "document" }),
    made("mean", {
      value: input.mean * times,
      unit: "per-second",
      formula: `${figure(input.mean)}/s${at}`,
      from: [...input.loadFrom, "peak-factor"],
      source: "document",
    }),
    made("response", {
      value: response,
      unit: "ms",
      formula: `R(${figure(peak)}/s); R(0) = ${figure(mean(operations, aloneMs))} ms`,
      from,
      source: "network",
    }),
    made("p99", { value: slowest.p99Ms, unit: "ms", formula: `p99 of ${slowest.name} ≤ ${input.deadlineMs} ms`, from, source: "network" }),
    made("concurrency", {
      value: (peak * response) / 1_000,
      unit: "count",
      formula: `L = λ · W = ${figure(peak)}/s × ${figure(response)} ms`,
      from,
      source: "little",
    }),
  ];
}

function processFigures(input: PlanInput, { size }: Scaled): readonly Figure[] {
  const d = capacityDefaults;
  const { operations, loadFrom, measured } = input;
  const { peak, replicas, byLoop, lineOfOne, pool, held, slots, atOnce, queue } = size;
  const loopMs = mean(operations, (one) => one.loopMs + one.heldLoopMs);
  const others = Math.max(1, byLoop - 1);
  return [
    made("replicas", {
      ...{ value: replicas, unit: "count", source: "network" },
      formula: `max(2, ⌈${figure(peak)}/s × ${figure(loopMs)} ms / ${d.busyShare}⌉ = ${byLoop}, ⌈${figure(peak)}/s / ${figure(lineOfOne)}/s⌉ + 1)`,
      from: [...loadFrom, ...demandsFrom(input, "loop-ms"), "busy-share"],
    }),
    made("pool", {
      ...{ value: pool, unit: "count", source: "erlang" },
      formula:
        measured === undefined
          ? `min c: C(c, ${figure(held)}) ≤ ${d.waitingShare}; a = ${figure(peak)}/s / ${others} × ${figure(mean(operations, holdMs))} ms`
          : `${pool}; a = ${figure(held)}`,
      from: [...loadFrom, ...demandsFrom(input, "connection-ms")],
    }),
    made("slots", {
      ...{ value: slots, unit: "count", source: "erlang" },
      formula: `max(8, min c: C(c, ${figure(atOnce)}) ≤ ${d.waitingShare}); a = ${figure(peak)}/s / ${others} × ${figure(mean(operations, aloneMs))} ms / (1 − ${d.busyShare})`,
      from: [...loadFrom, ...demandsFrom(input, "loop-ms", "connection-ms"), "busy-share"],
    }),
    made("queue", {
      ...{ value: queue, unit: "count", source: "little" },
      formula: `max(${slots}, ⌊${figure(lineOfOne)}/s × ${input.deadlineMs} ms / 2⌋)`,
      from: demandsFrom(input, "loop-ms", "connection-ms"),
    }),
    made("memory", {
      ...{ value: memoryOf(size), unit: "mib", source: "assumed" },
      formula: `⌈(${d.processMb} + (${slots} + ${queue}) × ${d.requestMb}) / 64⌉ × 64`,
      from: ["process-mib", "request-mib"],
    }),
  ];
}

function databaseFigures(input: PlanInput, { size, databaseCores }: Scaled): readonly Figure[] {
  const d = capacityDefaults;
  const { replicas, pool, peak } = size;
  const databaseMs = mean(input.operations, (one) => one.databaseMs);
  const from = [...input.loadFrom, ...demandsFrom(input, "postgres-ms")];
  return [
    made("connections", {
      ...{ value: connectionsOf(size), unit: "count", source: "connections" },
      formula: `(${replicas} + 1) × (${pool} + ${d.besidePool}) + ${d.besideProcesses} ≤ ${input.maxConnections}`,
      from: ["max-connections"],
    }),
    made("postgres-cores", {
      ...{ value: size.databaseCores, unit: "count", source: "utilization" },
      formula: `⌈${figure(peak)}/s × ${figure(databaseMs)} ms / ${d.busyShare}⌉`,
      from: [...from, "busy-share"],
    }),
    made("line", {
      ...{
        value: lineRate(shapeOf(input, { ...size, databaseCores }), operationsAt(input, size)),
        unit: "per-second",
        source: "network",
      },
      formula: `max X: p99 ≤ ${input.deadlineMs} ms; ${replicas} × ${pool}, ${databaseCores} cores`,
      from: demandsFrom(input, "loop-ms", "postgres-ms", "connection-ms", "variation"),
    }),
  ];
}

function workFigures(input: PlanInput, { times, size }: Scaled): readonly Figure[] {
  const d = capacityDefaults;
  const { events, mean: rate } = input;
  const at = times === 1 ? "" : ` × ${times}`;
  const tasks = events.rate * times;
  const bytes = (rate * times * d.writeShare * d.bytesPerWrite * timeMs.year) / timeMs.second;
  const places = Math.ceil((tasks * d.taskMs) / 1_000 / d.busyShare);
  return [
    made("events", {
      value: events.rate * times,
      unit: "per-second",
      formula: `${events.formula}${at}`,
      from: events.from,
      source: "document",
    }),
    made("tasks", { value: tasks, unit: "per-second", formula: `${figure(events.rate)}/s × 1${at}`, from: events.from, source: "assumed" }),
    made("task-slots", {
      ...{ value: places, unit: "count", source: "little" },
      formula: `⌈${figure(tasks)}/s × ${d.taskMs} ms / ${d.busyShare}⌉ ≤ ${size.replicas} × ${d.taskConcurrency}`,
      from: [...events.from, "task-ms", "busy-share"],
    }),
    made("storage", {
      ...{ value: bytes / 1e9, unit: "gb-per-year", source: "assumed" },
      formula: `${figure(rate * times)}/s × ${d.writeShare} × ${d.bytesPerWrite} B × 365 d`,
      from: [...input.loadFrom, "write-share", "bytes-per-write"],
    }),
  ];
}
