import { formatMs, parseDuration } from "../core/duration.ts";
import { Fault } from "../core/fault.ts";
import { limits as defaults } from "../core/limits.ts";
import { type CompiledSchema, compileSchema } from "../core/schema.ts";
import type { Handler, Operation } from "../operation/contract.ts";
import type { Implementation } from "../operation/implement.ts";
import type { Module } from "../operation/module.ts";
import type { Resource } from "../operation/resource.ts";
import { httpOf, parseRoute } from "../operation/route.ts";
import { Slots } from "./admission.ts";
import type { CompiledOperation, OperationLimits } from "./compiled.ts";

/** One thing that keeps an app from starting. */
export interface StartProblem {
  /** The operation or module that it is about. */
  readonly where: string;
  readonly field: string;
  /** What is wrong, and the mend. */
  readonly message: string;
}

export interface Registry {
  readonly operations: ReadonlyMap<string, CompiledOperation>;
  readonly byContract: ReadonlyMap<Operation, CompiledOperation>;
  readonly resources: readonly Resource<unknown>[];
}

type Report = (where: string, field: string, message: string) => void;

/**
 * Checks what types cannot and works out every operation.
 * *Faults thrown*: `failed_precondition` of type `app_invalid` with **all** problems, each with the operation, the field and the mend.
 */
export function buildRegistry(modules: readonly Module[]): Registry {
  const problems: StartProblem[] = [];
  const report: Report = (where, field, message) => problems.push({ where, field, message });
  const operations = new Map<string, CompiledOperation>();
  const byContract = new Map<Operation, CompiledOperation>();
  const resources = new Map<string, Resource<unknown>>();
  checkModules(modules, report);
  for (const module of modules) {
    for (const entry of module.operations) {
      const operation = entry.kind === "implementation" ? entry.operation : entry;
      const compiled = compileOperation(module, entry, report);
      checkResources(operation, resources, report);
      if (compiled === undefined) continue;
      if (operations.has(operation.name)) report(operation.name, "name", "Two operations have this name. Rename one, or list it once.");
      operations.set(operation.name, compiled);
      byContract.set(operation, compiled);
    }
  }
  checkRoutes(modules, operations, report);
  if (problems.length > 0) throw invalidApp(problems);
  return { operations, byContract, resources: [...resources.values()] };
}

/** All problems in one fault, one line each. */
function invalidApp(problems: readonly StartProblem[]): Fault {
  const lines = problems.map(({ where, field, message }) => `  ${where}: ${field}: ${message}`);
  return new Fault({
    code: "failed_precondition",
    type: "app_invalid",
    message: `The app cannot start. ${problems.length === 1 ? "One thing is" : `${problems.length} things are`} wrong:\n${lines.join("\n")}`,
    details: { problems },
  });
}

function checkModules(modules: readonly Module[], report: Report): void {
  const names = new Set<string>();
  const schemas = new Map<string, string>();
  for (const { name, schema, migrations } of modules) {
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(name)) report(name, "name", "A module's name is lower case: letters, digits and hyphens.");
    if (names.has(name)) report(name, "name", "Two modules have this name. Rename one, or list it once.");
    names.add(name);
    if (migrations !== undefined && schema === undefined)
      report(name, "schema", "It has migrations but names no schema. Add the Postgres schema that it owns.");
    if (schema === undefined) continue;
    if (!/^[a-z][a-z0-9_]{0,40}$/.test(schema) || schema === "plimsoll" || schema === "public" || schema.startsWith("pg_"))
      report(
        name,
        "schema",
        `"${schema}" cannot be a module's schema. Use lower case letters, digits and _, but not plimsoll, public or pg_….`,
      );
    const other = schemas.get(schema);
    if (other !== undefined) report(name, "schema", `The module ${other} owns the schema "${schema}" already. Each module has its own.`);
    schemas.set(schema, name);
  }
}

function compileOperation(module: Module, entry: Operation | Implementation, report: Report): CompiledOperation | undefined {
  const operation = entry.kind === "implementation" ? entry.operation : entry;
  const { name, spec, kind } = operation;
  const handler: Handler | undefined = entry.kind === "implementation" ? entry.run : spec.run;
  if (!name.startsWith(`${module.name}.`) || !/^[a-z][a-z0-9.-]{2,80}$/.test(name))
    report(name, "name", `It must be lower case and begin with its module, as in "${module.name}.do-something".`);
  if (handler === undefined)
    report(name, "run", "It is a contract without a body. List implement(contract, body) in the module, or give it `run`.");
  if (entry.kind === "implementation" && spec.run !== undefined)
    report(name, "run", "It has a body of its own and a second one from implement. Keep one.");
  if (spec.access !== "public" && typeof spec.access?.allows !== "function")
    report(name, "access", 'It is missing or no rule. Write role("…"), signedIn(), rule("…", …) or "public".');
  if (kind !== "action" && kind !== "task" && Object.keys(spec.uses ?? {}).length > 0)
    report(name, "uses", `A ${kind} is one transaction, and no network call belongs inside it. Make it an action.`);
  const limits = compileLimits(operation, report);
  const input = compileField(operation, "input", report);
  const output = compileField(operation, "output", report);
  if (input === undefined || output === undefined || handler === undefined) return undefined;
  if (input.inputJson.type !== "object") report(name, "input", "An input is an object: wrap it, as in z.object({ … }).");
  if (kind === "task" && input.hasSecrets)
    report(name, "input", "It has a secret, and the task would keep it in clear. Give the task an id to look the secret up by.");
  const fields = fieldsOf(input);
  const { idempotent } = spec;
  checkKey(operation, { fields, output }, report);
  const faults = new Map((spec.faults ?? []).map((declared) => [declared.type, declared]));
  if (faults.size !== (spec.faults ?? []).length)
    report(name, "faults", "Two declared faults have one type. Callers could not tell them apart.");
  return {
    name,
    module: module.name,
    kind,
    criticality: spec.criticality ?? "default",
    operation,
    access: spec.access,
    isolation: spec.isolation ?? "read committed",
    input,
    output,
    limits,
    slots: new Slots({ name, concurrency: limits.concurrency, queue: limits.queue, mode: limits.mode }),
    handler,
    owns: spec.owns,
    faults,
    key: idempotent === "key" ? "required" : typeof idempotent === "object" ? { field: idempotent.key } : "none",
    uses: {},
    steps: [],
  };
}

/** What a key asks for: somebody to belong to, a transaction to be kept in, and a reply that may be kept. */
function checkKey(
  { name, kind, spec }: Operation,
  { fields, output }: { readonly fields: ReadonlySet<string>; readonly output: CompiledSchema },
  report: Report,
): void {
  const { idempotent, access, faults = [] } = spec;
  if (idempotent !== "key" && typeof idempotent !== "object") return;
  if (kind !== "command")
    report(name, "idempotent", `A ${kind} has no transaction to keep the record of a key in. Give the key to the command that it calls.`);
  if (idempotent === "key" && access === "public")
    report(name, "idempotent", 'Nobody signed in whose key it could be. Name the input field that scopes it, as in { key: "email" }.');
  if (typeof idempotent === "object" && !fields.has(idempotent.key))
    report(name, "idempotent", `The key is scoped by the input field "${idempotent.key}", which the input does not have.`);
  if (output.hasSecrets)
    report(
      name,
      "output",
      'It has a secret, and a record would keep it in clear. Leave the secret out of the output, or write idempotent: "no" or "natural".',
    );
  for (const { type, schema } of faults)
    if (schema !== undefined && compileSchema(schema, `${name} fault ${type}`, "value").hasSecrets)
      report(name, "faults", `The details of ${type} have a secret, and a record would keep it in clear. Leave it out of the details.`);
}

function compileField(operation: Operation, field: "input" | "output", report: Report): CompiledSchema | undefined {
  const schema = operation.spec[field];
  if (schema?.["~standard"] === undefined) {
    report(operation.name, field, "It is missing or is no schema. Give a Zod schema, or adapt another with adaptSchema.");
    return undefined;
  }
  try {
    return compileSchema(schema, `${operation.name} ${field}`, field);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report(operation.name, field, error.message);
    return undefined;
  }
}

function compileLimits({ name, kind, spec }: Operation, report: Report): OperationLimits {
  const budget = typeof spec.budget === "object" ? spec.budget : { deadline: spec.budget };
  const deadlineMs = parseDuration(budget.deadline);
  const longest = kind === "task" ? defaults.taskDeadlineMs : defaults.deadlineMs;
  if (deadlineMs === undefined || deadlineMs < 1 || deadlineMs > longest)
    report(name, "budget.deadline", `"${budget.deadline}" is not a duration from 1ms to ${formatMs(longest)}.`);
  const idempotencyTtlMs = parseDuration(budget.idempotencyTtl ?? defaults.idempotencyTtlMs);
  if (idempotencyTtlMs === undefined || idempotencyTtlMs < 60_000)
    report(name, "budget.idempotencyTtl", `"${budget.idempotencyTtl}" is not a duration of at least 1m.`);
  if (budget.mode !== undefined && budget.mode !== "enforce" && budget.mode !== "measure")
    report(name, "budget.mode", `"${budget.mode}" is no mode. Write "enforce" or "measure".`);
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

function checkResources({ name, spec }: Operation, resources: Map<string, Resource<unknown>>, report: Report): void {
  for (const [alias, resource] of Object.entries(spec.uses ?? {})) {
    if (resource?.kind !== "resource") {
      report(name, `uses.${alias}`, "It is no resource. Declare one with resource(name, { create }).");
      continue;
    }
    const known = resources.get(resource.name);
    if (known !== undefined && known !== resource)
      report(name, `uses.${alias}`, `Two resources are named "${resource.name}". Share the one, or rename the other.`);
    resources.set(resource.name, resource);
  }
}

function checkRoutes(modules: readonly Module[], operations: ReadonlyMap<string, CompiledOperation>, report: Report): void {
  const shapes = new Map<string, string>();
  for (const entry of modules.flatMap((module) => module.operations)) {
    const { name, spec, kind } = entry.kind === "implementation" ? entry.operation : entry;
    const http = httpOf(spec);
    if (http === undefined) continue;
    const route = parseRoute(http.route);
    if (route === undefined) {
      report(name, "http", `"${http.route}" is not a route. Write a verb and a path, as in "GET /v1/orders/{orderId}".`);
      continue;
    }
    if (new Set(route.parameters).size < route.parameters.length)
      report(name, "http", `"${http.route}" names a parameter twice. Each field comes from one place.`);
    const other = shapes.get(route.shape);
    if (other !== undefined) report(name, "http", `${other} answers "${http.route}" already. Every route has one operation.`);
    shapes.set(route.shape, name);
    if (kind !== "query" && route.verb === "GET") report(name, "http", "GET must be safe to repeat: only a query can have it.");
    if (http.status !== undefined && !(http.status >= 200 && http.status < 300))
      report(name, "http.status", `${http.status} is not a status of success, 200 to 299.`);
    const compiled = operations.get(name);
    if (compiled === undefined) continue;
    const fields = fieldsOf(compiled.input);
    for (const parameter of route.parameters)
      if (!fields.has(parameter))
        report(name, "http", `The route has {${parameter}}, which is not in the input. Add the field, or rename one.`);
    if (http.ifMatch !== undefined && !fields.has(http.ifMatch))
      report(name, "http.ifMatch", `The input has no field "${http.ifMatch}" to take the version from If-Match.`);
  }
}

function fieldsOf(input: CompiledSchema): ReadonlySet<string> {
  const properties = input.inputJson.properties;
  return new Set(typeof properties === "object" && properties !== null ? Object.keys(properties) : []);
}
