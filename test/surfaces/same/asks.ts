// One table of faults, limits and access rules (table.ts), asked over every surface; same.test.ts compares the replies and the signals of each surface with those of REST.
//
// To add a surface, write a file beside rest.ts that exports an `Asks`, and add it to the list in same.test.ts:
// * `surfaces` makes what an app needs to be asked so. An operation of the table has a `POST /same/<word>` route and a `graphql` name; a surface that needs more of a
//   contract, such as `mcp: true`, adds it in operations.ts.
// * `ask` sends one call, and reads the reply into an `Answer`: the code and type of a fault (without `urn:plimsoll:`), its message and details, or the output.
// * `carries` says which executions are of the surface itself and not of the operation that was asked.
// * `apart` says which rows the surface cannot have, and why; the reason is printed with the skipped test.
import type { App, Code } from "plimsoll";
import type { Operation, Surface } from "plimsoll/ports";
import type { AppSpec } from "../../../src/app/app-spec.ts";
import type { Execution } from "../../../src/operation/execution.ts";

/** One call, as its caller makes it on any surface. */
export interface Ask {
  readonly operation: Operation;
  readonly input: Readonly<Record<string, string>>;
  readonly authorization?: string;
  readonly key?: string;
  /** *Units*: milliseconds. */
  readonly remainingMs?: number;
  readonly criticality?: "critical" | "default" | "sheddable";
  /** The caller leaves when it aborts; `ask` may reject then. */
  readonly signal?: AbortSignal;
}

/** What the caller read. */
export interface Answer {
  readonly code: Code | "ok";
  readonly type?: string;
  readonly message?: string;
  readonly details?: unknown;
  readonly problems?: unknown;
  readonly output?: unknown;
}

/** How one surface is asked. */
export interface Asks {
  readonly name: string;
  /** Makes the surfaces of an app, on free ports where they need any. */
  surfaces(): readonly Surface[];
  ask(app: App, call: Ask): Promise<Answer>;
  /** What the app that runs the operations has otherwise, where another stands in front of it. *Default*: nothing. */
  behind?(spec: AppSpec): AppSpec;
  /** Starts an app in front of the one that runs the operations, which is asked then. *Default*: none. */
  front?(app: App, spec: AppSpec): Promise<App>;
  /** *Default*: none. */
  carries?(execution: Execution): boolean;
  /** Rows by their names, and why the surface cannot have them. *Default*: it has all. */
  readonly apart?: Readonly<Record<string, string>>;
}

/** Reads the members that a problem of HTTP and an error of another surface have alike. */
export function answerOf(problem: Readonly<Record<string, unknown>>, message: unknown): Answer {
  const { code, type, details, problems } = problem;
  return {
    code: code as Code,
    type: String(type).replace("urn:plimsoll:", ""),
    message: String(message),
    ...(details !== undefined && { details }),
    ...(problems !== undefined && { problems }),
  };
}
