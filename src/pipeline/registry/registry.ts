import { Fault } from "../../core/fault.ts";
import type { Operation } from "../../operation/contract.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import type { Module } from "../../operation/module.ts";
import type { Resource } from "../../operation/resource.ts";
import type { AnyEventStream } from "../../operation/sourcing/event-stream.ts";
import type { Projection } from "../../operation/sourcing/projection.ts";
import { compileAway } from "../away/compile-away.ts";
import { type CompiledEvent, checkEvents } from "../events/declared.ts";
import { checkMetrics } from "../metrics/declared.ts";
import { DeclaredRates, type OperationRate } from "../rates/operation-rate.ts";
import { type CompiledEventStream, checkStreams } from "../sourcing/declared.ts";
import { type CompiledProjection, checkProjections } from "../sourcing/projections.ts";
import { checkModules, checkResources } from "./checks.ts";
import { compileOperation } from "./compile.ts";
import type { CompiledOperation } from "./compiled.ts";
import type { Report, StartProblem } from "./problem.ts";

/** All operations of an app, worked out, and the resources that they use. */
export interface Registry {
  readonly operations: ReadonlyMap<string, CompiledOperation>;
  readonly byContract: ReadonlyMap<Operation, CompiledOperation>;
  /** The operations of remote modules that no call reaches, with their modules. */
  readonly beyond: ReadonlyMap<Operation, string>;
  readonly resources: readonly Resource<unknown>[];
  /** The events of all modules. */
  readonly events: ReadonlyMap<DomainEvent, CompiledEvent>;
  /** The kinds of streams of all modules. */
  readonly streams: ReadonlyMap<AnyEventStream, CompiledEventStream>;
  /** The projections of all modules. */
  readonly projections: ReadonlyMap<Projection, CompiledProjection>;
  /** Whether a query reads projections, so that positions are of use. */
  readonly readsProjections: boolean;
  /** The rates that operations declare, each once. */
  readonly rates: readonly OperationRate[];
  /** Those of remote operations. Their own process counts them in its store; here each process counts alone. */
  readonly ratesAway: readonly OperationRate[];
}

/** What a surface makes of the operations, and reports of them. `declared`: all as they were written, `operations`: those that can run. */
export type SurfaceCompiler = (declared: readonly Operation[], operations: ReadonlyMap<string, CompiledOperation>, report: Report) => void;

/**
 * Checks what types cannot and works out every operation. `surfaces`: what theirs is.
 * *Faults thrown*: `failed_precondition` of type `app_invalid` with **all** problems, each with the operation, the field and the fix.
 */
export function buildRegistry(modules: readonly Module[], surfaces: readonly SurfaceCompiler[] = []): Registry {
  const problems: StartProblem[] = [];
  const report: Report = (where, field, message) => problems.push({ where, field, message });
  const declared: Operation[] = [];
  const ownOperations: Operation[] = [];
  const operations = new Map<string, CompiledOperation>();
  const byContract = new Map<Operation, CompiledOperation>();
  const resources = new Map<string, Resource<unknown>>();
  const rateNames = new Set<string>();
  const [rates, ratesAway] = [new DeclaredRates(rateNames), new DeclaredRates(rateNames)];
  checkModules(modules, report);
  for (const module of modules) {
    if (module.away !== undefined) resources.set(module.away.name, module.away);
    for (const entry of module.operations) {
      const operation = entry.kind === "implementation" ? entry.operation : entry;
      declared.push(operation);
      // What it emits and appends to is checked where it runs.
      if (module.away === undefined) ownOperations.push(operation);
      const own = compileOperation({ module, entry, rates: module.away === undefined ? rates : ratesAway }, report);
      const compiled = module.away === undefined ? own : own && compileAway(own, module.name, module.away);
      if (module.away === undefined) checkResources(operation, resources, report);
      if (compiled === undefined) continue;
      if (operations.has(operation.name)) report(operation.name, "name", "Two operations have this name. Rename one, or list it once.");
      operations.set(operation.name, compiled);
      byContract.set(operation, compiled);
    }
  }
  // Two surfaces of one kind report the same problem: it is listed once.
  const once: Report = (where, field, message) => {
    if (!problems.some((known) => known.where === where && known.field === field && known.message === message))
      report(where, field, message);
  };
  for (const compile of surfaces) compile(declared, operations, once);
  const events = checkEvents(modules, ownOperations, report);
  const streams = checkStreams(modules, { operations: ownOperations, events }, report);
  const projections = checkProjections(modules, { operations: ownOperations, events }, report);
  checkMetrics(modules, report);
  if (problems.length > 0) throw invalidApp(problems);
  const readsProjections = [...operations.values()].some(({ reads }) => reads !== undefined);
  const beyond = new Map(modules.flatMap(({ name, beyond: list = [] }) => list.map((operation) => [operation, name] as const)));
  const made = { operations, byContract, beyond, events, streams, projections, readsProjections };
  return { ...made, resources: [...resources.values()], rates: rates.all, ratesAway: ratesAway.all };
}

/** All problems in one fault, one line each. */
export function invalidApp(problems: readonly StartProblem[]): Fault {
  const lines = problems.map(({ where, field, message }) => `  ${where}: ${field}: ${message}`);
  return new Fault({
    code: "failed_precondition",
    type: "app_invalid",
    message: `The app cannot start. ${problems.length === 1 ? "One thing is" : `${problems.length} things are`} wrong:\n${lines.join("\n")}`,
    details: { problems },
  });
}
