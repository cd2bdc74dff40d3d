import type { AnySchema, Output, Schema } from "../../core/schema/standard.ts";
import type { ReadScope } from "../scope.ts";

/** What is recorded of a command in the audit trail, beside who ran it, for which tenant, when, and with which outcome. */
export interface AuditSpec<I extends AnySchema> {
  /** Returns what it is about, such as the id of an order, by which records are found. *Bounds*: 1 to `limits.auditSubjectChars` characters. */
  readonly subject?: (input: Output<I>) => string;
  /** Whether its input is kept. Secrets in it are hidden. *Default*: false. */
  readonly input?: boolean;
  /** What is read before and after the handler, in its transaction. *Default*: nothing. */
  readonly state?: AuditedState<I>;
  /** `all`: also executions that were refused or failed; `ok`: only those that were committed. *Default*: `all`. */
  readonly outcomes?: "all" | "ok";
}

/** What a command changes, as the audit trail keeps it. */
export interface AuditedState<I extends AnySchema> {
  /** What is kept of what `read` returns: only fields that it has, without its secrets. */
  readonly schema: Schema;
  /** Reads the state; undefined where there is none. Its statements count against the budget of the command. */
  read(input: Output<I>, scope: ReadScope): Promise<unknown>;
}

/** Whether, and how, a command is recorded in the audit trail. */
export type Audit<I extends AnySchema> = true | AuditSpec<I>;
