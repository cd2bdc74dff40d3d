import type { FaultClass } from "../core/fault.ts";
import type { CompiledSchema } from "../core/schema.ts";
import type { Access } from "../operation/access.ts";
import type { Handler, Isolation, LimitMode, Operation } from "../operation/contract.ts";
import type { Criticality, OperationKind } from "../operation/execution.ts";
import type { Slots } from "./admission.ts";
import type { Step } from "./pipeline.ts";

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

/** An operation with all that the pipeline needs worked out at start. */
export interface CompiledOperation {
  readonly name: string;
  readonly module: string;
  readonly kind: OperationKind;
  readonly criticality: Criticality;
  readonly operation: Operation;
  readonly access: Access;
  readonly isolation: Isolation;
  readonly input: CompiledSchema;
  readonly output: CompiledSchema;
  readonly limits: OperationLimits;
  readonly slots: Slots;
  readonly handler: Handler;
  readonly owns: Handler | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: declared faults of any details.
  readonly faults: ReadonlyMap<string, FaultClass<any>>;
  /** `required`: an Idempotency-Key must come; a field name: the input field that scopes the key of a public operation. */
  readonly key: "none" | "required" | { readonly field: string };
  /** Resources by the operation's own names; filled when the app starts. */
  uses: Readonly<Record<string, unknown>>;
  steps: readonly Step[];
}
