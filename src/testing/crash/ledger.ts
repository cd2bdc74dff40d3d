import type { Fault } from "../../core/fault.ts";

/** What the caller was told. */
export interface Acknowledgement {
  /** `<operation>#<nth>` of the caller's requests. */
  readonly request: string;
  readonly operation: string;
  readonly key: string | undefined;
  readonly input: unknown;
  /** The output, or the body of a response. */
  readonly output: unknown;
}

/** What the caller was refused, for good. */
export interface Refused extends Omit<Acknowledgement, "output"> {
  readonly fault: Fault;
}

/** A call that reached somebody outside. */
export interface OutsideCall {
  /** `<name>.<method>`. */
  readonly name: string;
  readonly args: readonly unknown[];
}

/**
 * What is known without asking the app: what its caller was told, and what reached the outside. Invariants compare the database with it.
 */
export class CrashLedger {
  readonly acknowledged: Acknowledgement[] = [];
  readonly refused: Refused[] = [];
  /** Sent, and never answered for good: it may have happened, or not. Only requests that must not be repeated end so. */
  readonly unknown: Omit<Acknowledgement, "output">[] = [];
  /** In the order in which they arrived, whether or not the caller was told. */
  readonly outside: OutsideCall[] = [];

  /** The acknowledgements of one operation. */
  of(operation: { readonly name: string } | string): readonly Acknowledgement[] {
    const name = typeof operation === "string" ? operation : operation.name;
    return this.acknowledged.filter((entry) => entry.operation === name);
  }

  /** The calls that reached one method outside, as in `calls("mailer.send")`. */
  calls(name: string): readonly OutsideCall[] {
    return this.outside.filter((call) => call.name === name);
  }
}
