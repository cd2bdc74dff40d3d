import { limits } from "../../core/limits.ts";
import { readThrown } from "../../core/value/thrown.ts";
import { StatementError } from "../../operation/sql/statement-error.ts";

/** The cause of a failure, as a problem document shows it to a developer. */
export interface ShownCause {
  readonly name?: string;
  readonly message: string;
  /** The first frames, without the line that repeats name and message. */
  readonly stack?: readonly string[];
  readonly statement?: string;
  readonly sqlstate?: string;
  /** In the statement, in characters from 1. */
  readonly position?: number;
  /** The line of the handler that wrote the statement. */
  readonly writtenAt?: string;
  readonly cause?: ShownCause;
}

const frames = 8;
const depth = 5;

/**
 * Tells anything that was thrown with its causes, for developers alone: a message may hold whatever it was made of.
 * *Bounds*: the first 5 causes, of each the first 8 frames, and texts as in a log line. *Guarantees*: never throws; the result has a JSON form.
 */
export function showCause(thrown: unknown, left = depth): ShownCause {
  const { name, message, stack, cause } = readThrown(thrown);
  return {
    ...(name !== undefined && { name }),
    message,
    ...(stack !== undefined && { stack: framesOf(stack) }),
    ...(StatementError.is(thrown) && showStatement(thrown)),
    ...(cause !== undefined && left > 1 && { cause: showCause(cause, left - 1) }),
  };
}

function framesOf(stack: string): readonly string[] {
  const lines = stack.split("\n").map((line) => line.trim());
  return lines.filter((line) => line.startsWith("at ")).slice(0, frames);
}

function showStatement({ statement, code, position, writtenAt }: StatementError): Partial<ShownCause> {
  return {
    statement: statement.slice(0, limits.logFieldChars),
    ...(code !== undefined && { sqlstate: code }),
    ...(position !== undefined && { position }),
    ...(writtenAt !== undefined && { writtenAt }),
  };
}
