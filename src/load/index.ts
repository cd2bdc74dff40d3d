// The load generator: what an application imports from "plimsoll/load".
export { callTarget } from "./call-target.ts";
export { Histogram, type HistogramData } from "./histogram.ts";
export { HttpTarget, type HttpTargetOptions } from "./http-target.ts";
export type { Answer, Arrival, Counts, LoadResult, Target, Window } from "./outcome.ts";
export { type LoadOptions, runLoad } from "./run.ts";
export { type Scenario, type ScenarioArrival, type ScenarioOperation, scenario } from "./scenario.ts";
export { hold, type Phase, ramp, type Schedule, type ScheduleOptions, schedule } from "./schedule.ts";
export type { ThinkTime } from "./think.ts";
