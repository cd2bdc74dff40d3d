import type { GraphQLSchema } from "graphql";
import { toFault } from "../../core/fault.ts";
import type { Runtime } from "../../pipeline/runtime.ts";
import { positionOf } from "../../pipeline/sourcing/positions.ts";
import type { RunningExecution } from "../../pipeline/state/running-execution.ts";
import type { GraphqlLibrary } from "../library.ts";
import type { GraphqlLimits } from "../limits.ts";
import type { Plan, PlannedRoot } from "../plan/planner.ts";
import type { Wanted } from "../plan/project.ts";
import { readArguments } from "./arguments.ts";
import { Calls } from "./calls.ts";
import { Links } from "./links.ts";
import { ErrorList, type ReplyError } from "./replies.ts";

/** What documents are run with. */
export interface ExecutionTerms {
  readonly library: GraphqlLibrary;
  readonly schema: GraphQLSchema;
  readonly runtime: Runtime;
  readonly limits: GraphqlLimits;
}

/** One document of one request. */
export interface DocumentRun {
  readonly carrier: RunningExecution;
  readonly plan: Plan;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Ends it. *Default*: that of its request. */
  readonly signal?: AbortSignal;
  /** What is there already: what the library says of the schema. */
  readonly known: Readonly<Record<string, unknown>>;
}

/** What a document brought. */
export interface Outcome {
  readonly data: Record<string, unknown>;
  readonly errors: readonly ReplyError[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** Runs a plan: fields of `Query` at the same time, fields of `Mutation` one after the other. Never rejects. */
export async function runPlan(terms: ExecutionTerms, run: DocumentRun): Promise<Outcome> {
  return new PlanRun(terms, run).outcome();
}

class PlanRun {
  readonly #terms: ExecutionTerms;
  readonly #run: DocumentRun;
  readonly #calls: Calls;
  readonly #errors: ErrorList;
  readonly #links: Links;
  readonly #data: Record<string, unknown> = {};
  readonly #replayed: string[] = [];
  #position: string | undefined;

  constructor(terms: ExecutionTerms, run: DocumentRun) {
    this.#terms = terms;
    this.#run = run;
    this.#calls = new Calls(terms.runtime, run.carrier, { most: terms.limits.parallel, signal: run.signal ?? run.carrier.signal });
    this.#errors = new ErrorList(run.carrier.requestId, terms.limits.errors);
    this.#links = new Links({ calls: this.#calls, errors: this.#errors, limits: terms.limits });
  }

  async outcome(): Promise<Outcome> {
    const { plan, known } = this.#run;
    const { root, roots, keys, typenames } = plan;
    for (const key of keys) this.#data[key] = typenames.includes(key) ? root : (known[key] ?? null);
    if (root === "Mutation") for (const field of roots) await this.#bring(field);
    else await Promise.all(roots.map((field) => this.#bring(field)));
    const omitted = this.#errors.omitted;
    const extensions = {
      ...(this.#position !== undefined && { position: this.#position }),
      ...(this.#replayed.length > 0 && { replayed: this.#replayed }),
      ...(omitted > 0 && { omittedErrors: omitted }),
    };
    return { data: this.#data, errors: this.#errors.list, extensions };
  }

  async #bring(root: PlannedRoot): Promise<void> {
    const { key, field, project } = root;
    const path = { before: undefined, key };
    try {
      const input = readArguments(this.#terms, root, this.#run.variables);
      const done = await this.#calls.make({
        operation: field.operation,
        ...{ input, title: `${field.root}.${field.name}`, labels: { type: field.root, field: field.name } },
        ...{ idempotencyKey: this.#keyOf(root), charges: 1 },
      });
      if (done === undefined) return;
      if (done.fault !== undefined) throw done.fault;
      if (done.replayed) this.#replayed.push(key);
      this.#position = positionOf(done) ?? this.#position;
      const wanted: Wanted[] = [];
      this.#data[key] = project(done.output?.value, wanted, path);
      if (wanted.length > 0) await this.#links.bring(wanted);
    } catch (thrown) {
      this.#errors.add(toFault(thrown), { path, locations: locationsOf(root) });
    }
  }

  /** Of several mutations each has a key of its own, made of the one that came and the place of the field. */
  #keyOf({ key }: PlannedRoot): string | undefined {
    const { carrier, plan } = this.#run;
    const { idempotencyKey } = carrier.invocation;
    if (plan.root !== "Mutation" || idempotencyKey === undefined) return undefined;
    return plan.roots.length === 1 ? idempotencyKey : `${idempotencyKey}:${key}`;
  }
}

/** Returns where a field stands in its document. */
export function locationsOf({ node }: PlannedRoot) {
  const { loc } = node;
  return loc === undefined ? undefined : [{ line: loc.startToken.line, column: loc.startToken.column }];
}
