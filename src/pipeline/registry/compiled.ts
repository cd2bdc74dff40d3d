import type { FaultClass } from "../../core/fault.ts";
import type { LimitMode, LoadLine } from "../../core/load-line/load-line.ts";
import type { CompiledSchema } from "../../core/schema.ts";
import type { Access } from "../../operation/access.ts";
import type { AwayCalls, AwayContract, AwayResource } from "../../operation/away/away.ts";
import type { Handler, Operation } from "../../operation/contract.ts";
import type { Criticality } from "../../operation/execution.ts";
import type { KindTraits, OperationKind } from "../../operation/kind.ts";
import type { ResourceCaller } from "../../operation/resource.ts";
import type { Isolation } from "../../operation/transaction.ts";
import type { CompiledAudit } from "../audit/compiled-audit.ts";
import type { CompiledCache } from "../cache/compiled-cache.ts";
import type { OperationRate } from "../rates/operation-rate.ts";
import type { Objective } from "../slo/objective.ts";
import type { Slots } from "../slots.ts";
import type { CompiledReads } from "../sourcing/compiled-reads.ts";
import type { CompiledReceives } from "../stream/compiled-receives.ts";
import type { CompiledStream } from "../stream/compiled-stream.ts";
import type { OutputViews } from "./output-views.ts";

/** The numbers of a budget, all filled in. *Units*: milliseconds and counts. */
export interface OperationLimits {
  readonly deadlineMs: number;
  readonly concurrency: number;
  readonly queue: number;
  readonly queries: number;
  readonly calls: number;
  readonly idempotencyTtlMs: number;
  readonly mode: LimitMode;
}

/** An output as a surface reads it to say something beside it. Both forms are read only. */
export interface CompiledOutput {
  readonly json: string;
  readonly value: unknown;
}

/** An operation with all that the pipeline needs worked out at start. */
export interface CompiledOperation {
  readonly name: string;
  readonly module: string;
  readonly kind: OperationKind;
  /** What its kind is. */
  readonly traits: KindTraits;
  readonly criticality: Criticality;
  readonly operation: Operation;
  /** Of permissions, the roles that have them: filled in once all operations are known. */
  access: Access;
  /**
   * Whether it needs what the tenant of its caller permits: `needed`, for its access or for fields of its output; `ahead`, only for what it may call inside its
   * transaction. Filled in likewise.
   */
  tenantGrants: "needed" | "ahead" | "none";
  readonly isolation: Isolation;
  readonly input: CompiledSchema;
  /** What it returns; of a stream, one item. */
  readonly output: CompiledSchema;
  /** The data of the signals that it takes, by their names. */
  readonly signals: ReadonlyMap<string, CompiledSchema>;
  /** Which of its fields only some callers get; undefined where every caller gets all. */
  readonly views: OutputViews | undefined;
  /** How it streams; undefined where it returns one output. */
  readonly stream: CompiledStream | undefined;
  /** What its client sends; undefined where it sends nothing. */
  readonly receives: CompiledReceives | undefined;
  readonly limits: OperationLimits;
  /** What it promises, and how often it kept it. */
  readonly objective: Objective;
  readonly slots: Slots;
  /** The most statements, and the most calls, of one execution. */
  readonly queriesLine: LoadLine;
  readonly callsLine: LoadLine;
  /** Its own rates: those whose key is known before the input is read, and those whose key is made of the input. */
  readonly rates: { readonly byCaller: readonly OperationRate[]; readonly byInput: readonly OperationRate[] };
  /** How its outputs are kept; undefined where they are not. */
  readonly cache: CompiledCache | undefined;
  /** The projections that it reads; undefined where it lists none. */
  readonly reads: CompiledReads | undefined;
  /** How old what it reads may be: then it may read a replica. *Units*: milliseconds. */
  readonly stalenessMs: number | undefined;
  /** What is recorded of it; undefined where nothing is. */
  readonly audit: CompiledAudit | undefined;
  readonly handler: Handler;
  readonly owns: Handler | undefined;
  /**
   * What is said beside its output, worked out from it before the commit and kept under the key: of the first surface that has something to
   * say. It does not depend on the caller, so that every replay says it too.
   */
  head: ((output: CompiledOutput) => unknown) | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
  readonly faults: ReadonlyMap<string, FaultClass<any>>;
  /** `required`: an Idempotency-Key must come; a field name: the input field that scopes the key of a public operation. */
  readonly key: "none" | "required" | { readonly field: string };
  /** Where it runs, if another process does that; what calls it is filled in when the app starts. */
  readonly away?: { readonly contract: AwayContract; readonly resource: AwayResource; calls: AwayCalls | undefined } | undefined;
  /** Resources by the operation's own names; filled when the app starts. */
  uses: Readonly<Record<string, unknown>>;
  /** Those of them that are bound to each execution that uses them; filled likewise. */
  bound: readonly BoundResource[];
}

/** A resource of which each execution gets its own form. */
export interface BoundResource {
  readonly alias: string;
  bind(caller: ResourceCaller): unknown;
}

/** Returns the names of an input's fields. */
export function fieldsOf(input: CompiledSchema): ReadonlySet<string> {
  const properties = input.inputJson.properties;
  return new Set(typeof properties === "object" && properties !== null ? Object.keys(properties) : []);
}
