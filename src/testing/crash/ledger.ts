import type { Fault } from "../../core/fault.ts";
import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Action, Command, Query } from "../../operation/contract.ts";
import type { Started, Task } from "../../operation/durable/start.ts";
import type { Uses } from "../../operation/resource.ts";

type Answering<I extends AnySchema, O extends AnySchema> = Query<I, O> | Command<I, O> | Action<I, O, Uses>;

/** What the caller got. */
export interface Acknowledgement<I = unknown, O = unknown> {
  /** `<operation>#<nth>` of the caller's requests. */
  readonly request: string;
  readonly operation: string;
  readonly key: string | undefined;
  readonly input: I;
  /** The output, or the body of a response. */
  readonly output: O;
}

/** What the caller was refused, for good. */
export interface Refused extends Omit<Acknowledgement, "output"> {
  readonly fault: Fault;
}

/** A call that reached an outside service. */
export interface OutsideCall {
  /** `<name>.<method>`. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * Records, without the app, the responses that callers got and the calls that reached outside services. Invariants compare the database with it.
 */
export class CrashLedger {
  readonly acknowledged: Acknowledgement[] = [];
  readonly refused: Refused[] = [];
  /** Sent, and never answered for good: it may have happened, or not. Only requests that must not be repeated end so. */
  readonly unknown: Omit<Acknowledgement, "output">[] = [];
  /** In the order in which they arrived, whether or not the caller got a response. */
  readonly outside: OutsideCall[] = [];

  /** The acknowledgements of one operation: of a task, those of its starts from outside. */
  of<I extends AnySchema, O extends AnySchema>(operation: Answering<I, O>): readonly Acknowledgement<Input<I>, Output<O>>[];
  of<I extends AnySchema>(task: Task<I>): readonly Acknowledgement<Input<I>, Started>[];
  of({ name }: { readonly name: string }): readonly Acknowledgement[] {
    return this.acknowledged.filter((entry) => entry.operation === name);
  }

  /** The calls that reached one method outside, as in `calls("mailer.send")`. */
  calls(name: string): readonly OutsideCall[] {
    return this.outside.filter((call) => call.name === name);
  }
}
