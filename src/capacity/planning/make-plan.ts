import { figure } from "../../design/planning/load.ts";
import { timeMs } from "../../design/quantities/quantity.ts";
import { lineRate } from "../model/line.ts";
import { aloneMs, type StationUse, stationsAt } from "../model/system.ts";
import { fitUsl } from "../queueing/usl.ts";
import { breaksOf } from "./breaks.ts";
import { capacityDefaults } from "./defaults.ts";
import { figuresOf } from "./figures.ts";
import type { PlanInput } from "./input.ts";
import type { Cost, Models, Plan, ScalePlan } from "./plan.ts";
import { memoryOf, operationsAt, type Size, shapeOf, sizeOf } from "./size.ts";

/** The multiples of the load that a plan is made for. */
const multiples = [1, 10, 100] as const;
/** A fit of three coefficients needs as many points, and one that can contradict them. */
const fewestPoints = 4;

/** Makes a capacity plan. *Guarantees*: the same input gives the same plan. */
export function makePlan(input: PlanInput): Plan {
  const sizes = multiples.map((times) => sizeOf(input, input.peak * times));
  return {
    format: 1,
    title: input.title,
    language: input.language,
    file: input.file,
    basis: input.measured === undefined ? "assumed" : "measured",
    deadlineMs: input.deadlineMs,
    operations: input.operations,
    scales: multiples.map((times, index): ScalePlan => ({ times, ...scaleOf(input, { size: sizes[index]!, times }) })),
    breaks: input.peak === 0 ? [] : breaksOf(input),
    models: modelsOf(input, sizes[0]!),
    costs: costsOf(input, sizes[0]!),
    assumed: input.assumed,
  };
}

function scaleOf(
  input: PlanInput,
  { size, times }: { readonly size: Size; readonly times: number },
): Pick<ScalePlan, "figures" | "stations"> {
  const databaseCores = Math.max(size.databaseCores, input.databaseCores);
  const stations = stationsAt(shapeOf(input, { ...size, databaseCores: input.databaseCores }), operationsAt(input, size), size.peak);
  return { figures: figuresOf(input, { size, times, databaseCores }), stations: stations.filter(isLimit).map(rounded) };
}

function isLimit({ most }: StationUse): boolean {
  return Number.isFinite(most);
}

function rounded(use: StationUse): StationUse {
  return { ...use, most: Number(use.most.toPrecision(4)), used: Number(use.used.toPrecision(4)) };
}

/** The line of the processes of the plan by the network of queues, and by what simpler laws say. */
function modelsOf(input: PlanInput, size: Size): Models {
  const operations = operationsAt(input, size);
  const shape = shapeOf(input, { ...size, databaseCores: Math.max(size.databaseCores, input.databaseCores) });
  const little = Math.min(...operations.map((one) => (shape.replicas * one.slots * 1_000) / aloneMs(one) / one.share));
  const points = input.measured?.points ?? [];
  return {
    queueing: Number(lineRate(shape, operations).toPrecision(4)),
    little: Number(little.toPrecision(4)),
    ...(points.length >= fewestPoints && { usl: fitUsl(points) }),
  };
}

function costsOf(input: PlanInput, size: Size): readonly Cost[] {
  const d = capacityDefaults;
  const cores = Math.max(size.databaseCores, 1);
  const memory = memoryOf(size);
  const written = (input.mean * d.writeShare * d.bytesPerWrite * timeMs.month) / timeMs.second / 1e9;
  const costs: readonly Cost[] = [
    { driver: "app-cores", value: size.replicas * d.hoursPerMonth, formula: `${size.replicas} × 1 × ${d.hoursPerMonth} h` },
    { driver: "postgres-cores", value: cores * d.hoursPerMonth, formula: `${cores} × ${d.hoursPerMonth} h` },
    {
      driver: "memory",
      value: Number(((size.replicas * memory * d.hoursPerMonth) / 1_024).toPrecision(4)),
      formula: `${size.replicas} × ${memory} MiB × ${d.hoursPerMonth} h`,
    },
    {
      driver: "storage",
      value: Number(written.toPrecision(3)),
      formula: `${figure(input.mean)}/s × ${d.writeShare} × ${d.bytesPerWrite} B × 30 d`,
    },
  ];
  return costs;
}
