import type { Statement } from "../transaction.ts";

/** What `pg` says of an error of the server, as far as it is kept. */
interface ServerError {
  readonly code?: unknown;
  readonly position?: unknown;
  readonly routine?: unknown;
  readonly severity?: unknown;
}

/**
 * A statement failed: what its developer needs to find it. The cause of a fault, for logs; no caller sees it. Values of parameters are not in it,
 * but for what the server itself quotes.
 */
export class StatementError extends Error {
  /** The SQLSTATE, as `23505`; undefined where the statement was not sent. */
  readonly code: string | undefined;
  /** The text as it was sent. */
  readonly statement: string;
  /** Where in the text, in characters from 1; undefined where the server does not say. */
  readonly position: number | undefined;
  /** Where the handler wrote it, as in `file:///app/orders/place.ts:12:9`; undefined for our own statements. */
  readonly writtenAt: string | undefined;
  /** Whether it is the statement that is wrong, whatever the SQLSTATE stands for elsewhere. */
  isBug = false;
  readonly routine: unknown;
  readonly severity: unknown;

  readonly #made = true;

  /** Whether something that was thrown is one. Nothing of it is read, so that it can be anything. */
  static is(thrown: unknown): thrown is StatementError {
    return typeof thrown === "object" && thrown !== null && #made in thrown;
  }

  constructor(cause: unknown, { text, writtenAt }: Statement) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "StatementError";
    const { code, position, routine, severity } = (cause ?? {}) as ServerError;
    this.code = typeof code === "string" ? code : undefined;
    this.position = typeof position === "string" && position !== "" ? Number(position) : undefined;
    this.statement = text;
    this.writtenAt = writtenAt?.site;
    this.routine = routine;
    this.severity = severity;
  }
}
