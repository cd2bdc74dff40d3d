import { formatMs, parseDuration } from "../../core/duration.ts";
import { Fault } from "../../core/fault.ts";
import { limits as defaults } from "../../core/limits.ts";
import { LoadLine, limitModes } from "../../core/load-line/load-line.ts";
import { type CompiledSchema, compileSchema } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import type { Implementation } from "../../operation/implement.ts";
import { hasKind, type KindTraits, traitsOf } from "../../operation/kind.ts";
import type { Module } from "../../operation/module.ts";
import { streamOf } from "../../operation/online/stream/spec.ts";
import { compileAudit } from "../audit/compiled-audit.ts";
import { compileCache } from "../cache/compiled-cache.ts";
import type { DeclaredRates } from "../rates/operation-rate.ts";
import { compileObjective } from "../slo/objective.ts";
import { Slots } from "../slots.ts";
import { compileReads, compileReplicas } from "../sourcing/compiled-reads.ts";
import { compileReceives } from "../stream/compiled-receives.ts";
import { compileStream } from "../stream/compiled-stream.ts";
import { checkBytes, checkKey, checkMarks } from "./checks.ts";
import { type CompiledOperation, fieldsOf, type OperationLimits } from "./compiled.ts";
import { compileViews } from "./output-views.ts";
import type { Report } from "./problem.ts";
import { compileSignals } from "./signals.ts";

/** One entry of a module, and the rates that the app declared before it. */
interface Declared {
  readonly module: Module;
  readonly entry: Operation | Implementation;
  readonly rates: DeclaredRates;
}

/** Works out one operation of a module, and reports what is wrong with it; returns undefined where it cannot run. */
export function compileOperation({ module, entry, rates }: Declared, report: Report): CompiledOperation | undefined {
  const operation = entry.kind === "implementation" ? entry.operation : entry;
  const { name, spec, kind } = operation;
  if (!hasKind(operation)) {
    report(name, "operations", "It is not an operation. List what query, command, action, task or implement returned.");
    return undefined;
  }
  const traits = traitsOf(operation);
  // A module of another process may list contracts alone.
  const handler = (entry.kind === "implementation" ? entry.run : spec.run) ?? (module.away && runsElsewhere);
  if (!name.startsWith(`${module.name}.`) || !/^[a-z][a-z0-9.-]{2,80}$/.test(name))
    report(name, "name", `It must be lower case and begin with its module, as in "${module.name}.do-something".`);
  if (handler === undefined)
    report(name, "run", "It is a contract without a handler. List implement(contract, handler) in the module, or give it `run`.");
  if (entry.kind === "implementation" && spec.run !== undefined)
    report(name, "run", "It has a handler in `run` and a second one from implement. Remove one.");
  if (spec.access !== "public" && typeof spec.access?.allows !== "function")
    report(name, "access", 'It is missing or is not a rule. Write role("…"), signedIn(), rule("…", …) or "public".');
  if (!traits.usesResources && spec.stream === undefined && Object.keys(spec.uses ?? {}).length > 0)
    report(name, "uses", `A ${kind} is one transaction, and no network call belongs inside it. Make it an action.`);
  const limits = compileLimits(operation, report);
  const input = compileField(operation, "input", report);
  // No caller waits for the output of a durable operation: what its input is parsed to stays in the process, and needs no JSON form.
  const output = traits.durable ? input : compileField(operation, "output", report);
  if (input === undefined || output === undefined || handler === undefined) return undefined;
  if (input.inputJson.type !== "object") report(name, "input", "An input is an object: wrap it, as in z.object({ … }).");
  if (traits.durable && input.hasSecrets)
    report(
      name,
      "input",
      `It has a secret, and the ${kind} would store it unencrypted. Give the ${kind} an id by which it looks up the secret.`,
    );
  const fields = fieldsOf(input);
  const { idempotent } = spec;
  checkKey(operation, { fields, input, output }, report);
  checkBytes(operation, { input, output }, report);
  checkMarks(operation, input, report);
  return {
    name,
    module: module.name,
    kind,
    traits,
    criticality: spec.criticality ?? "default",
    operation,
    ...{ access: spec.access, tenantGrants: "none" },
    isolation: spec.isolation ?? "read committed",
    input,
    output,
    signals: compileSignals(operation, report),
    views: traits.durable ? undefined : compileViews(output, (message) => report(name, "output", message)),
    stream: compileStream(operation, report),
    receives: compileReceives(operation, report),
    limits,
    objective: compileObjective(operation, limits.deadlineMs, report),
    rates: compileRates(operation, rates, report),
    ...linesOf(name, limits, traits),
    cache: compileCache(operation, output, report),
    reads: compileReads(operation, report),
    stalenessMs: compileReplicas(operation, report),
    audit: compileAudit(operation, input, report),
    handler,
    owns: spec.owns,
    head: undefined,
    faults: compileFaults(operation, report),
    key: idempotent === "key" ? "required" : typeof idempotent === "object" ? { field: idempotent.key } : "none",
    ...{ uses: {}, bound: [] },
  };
}

/** No step calls it: what is away is called where it runs. */
const runsElsewhere = () => Promise.reject(new TypeError("the operation runs in another process"));

function compileFaults({ name, spec }: Operation, report: Report): CompiledOperation["faults"] {
  const faults = new Map((spec.faults ?? []).map((declared) => [declared.type, declared]));
  if (faults.size !== (spec.faults ?? []).length)
    report(
      name,
      "faults",
      "Two declared faults have the same type, so callers could not distinguish them. Give each its own type, or list it once.",
    );
  for (const { type, status } of faults.values())
    if (status !== undefined && !(Number.isInteger(status) && status >= 400 && status <= 599))
      report(
        name,
        "faults",
        `${type} has the status ${status}, which is not a status of a failure. Write one from 400 to 599, or leave it out: then the code decides.`,
      );
  return faults;
}

/** The limits of an operation that have a mode. */
function linesOf(name: string, { concurrency, queue, queries, calls, mode, deadlineMs }: OperationLimits, { durable }: KindTraits) {
  const perExecution = (what: string, declared: number): LoadLine => {
    const line = new LoadLine({ name: `${name} ${what}`, unit: `${what} of one execution`, declared, mode });
    line.reason("over");
    return line;
  };
  const [queriesLine, callsLine] = [perExecution("queries", queries), perExecution("calls", calls)];
  return {
    slots: new Slots({ name, concurrency, queue, mode, learns: !durable, ...(!durable && { deadlineMs }) }),
    queriesLine,
    callsLine,
  };
}

function compileRates(operation: Operation, rates: DeclaredRates, report: Report): CompiledOperation["rates"] {
  const { name, kind, spec } = operation;
  const own = typeof spec.budget === "object" ? rates.compile(name, spec.budget, report) : [];
  if (own.length > 0 && !traitsOf(operation).rateLimited)
    report(
      name,
      "budget.rate",
      `No caller waits for a ${kind}, so it has no rate. Give the rate to its queue: createApp({ tasks: { queues } }).`,
    );
  return { byCaller: own.filter(({ byInput }) => !byInput), byInput: own.filter(({ byInput }) => byInput) };
}

function compileField(operation: Operation, field: "input" | "output", report: Report): CompiledSchema | undefined {
  const { stream, [field]: declared } = operation.spec;
  const schema = field === "output" && typeof stream === "object" ? streamOf(stream).item : declared;
  if (schema?.["~standard"] === undefined) {
    report(operation.name, field, "It is missing or is not a schema. Give a Zod schema, or adapt another with adaptSchema.");
    return undefined;
  }
  try {
    // The bytes of a durable input are bounded when it is started, and what was started is run.
    const use = field === "input" && !traitsOf(operation).durable ? "request" : field;
    return compileSchema(schema, `${operation.name} ${field}`, use);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report(operation.name, field, error.message);
    return undefined;
  }
}

function compileLimits(operation: Operation, report: Report): OperationLimits {
  const { name, spec } = operation;
  const budget = typeof spec.budget === "object" ? spec.budget : { deadline: spec.budget };
  const deadlineMs = parseDuration(budget.deadline);
  const longest = traitsOf(operation).maxDeadlineMs;
  if (deadlineMs === undefined || deadlineMs < 1 || deadlineMs > longest)
    report(name, "budget.deadline", `"${budget.deadline}" is not a duration from 1ms to ${formatMs(longest)}. Write one, as in "500ms".`);
  const idempotencyTtlMs = parseDuration(budget.idempotencyTtl ?? defaults.idempotencyTtlMs);
  if (idempotencyTtlMs === undefined || idempotencyTtlMs < 60_000)
    report(name, "budget.idempotencyTtl", `"${budget.idempotencyTtl}" is not a duration of at least 1m. Write one, as in "24h".`);
  if (budget.mode !== undefined && !limitModes.includes(budget.mode))
    report(name, "budget.mode", `"${budget.mode}" is not a mode. Write "enforce", "measure" or "off".`);
  const count = (field: "concurrency" | "queue" | "queries" | "calls", standard: number, least: number) => {
    const value = budget[field] ?? standard;
    if (!Number.isSafeInteger(value) || value < least || value > 1_000_000)
      report(name, `budget.${field}`, `${value} is not a whole number from ${least} to 1000000.`);
    return value;
  };
  return {
    deadlineMs: deadlineMs ?? 1,
    concurrency: count("concurrency", defaults.operationConcurrency, 1),
    queue: count("queue", defaults.operationQueue, 0),
    queries: count("queries", defaults.operationQueries, 1),
    calls: count("calls", defaults.operationCalls, 1),
    idempotencyTtlMs: idempotencyTtlMs ?? defaults.idempotencyTtlMs,
    mode: budget.mode ?? "enforce",
  };
}
