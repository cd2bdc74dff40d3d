import { Fault } from "../core/fault.ts";
import { RefusedValue } from "../operation/sql/refused-value.ts";
import { StatementError } from "../operation/sql/statement-error.ts";
import type { Statement, TransactionOwner } from "../operation/transaction.ts";

/** What `pg` says of a value that the server refuses. */
interface DataError {
  readonly code: string;
  readonly message: string;
  readonly detail: string | undefined;
  /** The context; while parameters are read it names the one that is read. */
  readonly where: string | undefined;
}

/** What the caller learns about a refused value, by its SQLSTATE. */
const problems: Readonly<Record<string, string>> = {
  "22001": "The text is longer than this field can store. Shorten it.",
  "22003": "The number is out of the range that this field can store.",
  "22007": "The value is not a date or time that this field can store.",
  "22008": "The value is not a date or time that this field can store.",
  "22009": "The value is not a known time zone.",
  "22015": "The number is out of the range that this field can store.",
  "22018": "The value does not have the form that this field needs.",
  "22023": "The value does not have the form that this field needs.",
  "2201B": "The value is not a valid pattern.",
  "22025": "The value is not a valid pattern.",
  "22P02": "The value does not have the form that this field needs.",
  "22P03": "The value does not have the form that this field needs.",
  "22P05": "The text has a character that cannot be stored. Leave the character out.",
  "22021": "The text has a character that cannot be stored. Leave the character out.",
};

const unstorable = new Set(["22021", "22P05"]);

/**
 * Reads the error of a statement as a fault. A value that the server (or its writing) refused is the caller's where it came with the input: then the
 * fault is `invalid_argument` and names the field. Otherwise it is a {@link StatementError}.
 */
export function statementFault(error: unknown, statement: Statement, owner: TransactionOwner): unknown {
  if (error instanceof Fault) return error;
  const cause = new StatementError(error, statement);
  const problem = error instanceof RefusedValue ? refusedProblem(error) : problems[cause.code ?? ""];
  if (problem === undefined) return cause;
  const isText = unstorable.has(cause.code ?? "") || (error instanceof RefusedValue && /surrogate/.test(error.message));
  const sought = isText ? holdsUnstorable : soughtBy(error, statement.values);
  const fault = sought && owner.inputFault(sought, { message: problem, cause, isText });
  if (fault !== undefined) return fault;
  cause.isBug = true;
  return cause;
}

/** Undefined where the statement should not have sent a value of that kind at all. */
function refusedProblem({ reason, message }: RefusedValue): string | undefined {
  if (reason === "type") return undefined;
  if (/surrogate/.test(message)) return problems["22021"];
  return /range|2\^53|round/.test(message) ? problems["22003"] : problems["22P02"];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the one that no text can hold.
const nul = /\u0000/;
const holdsUnstorable = (value: unknown): boolean => typeof value === "string" && (nul.test(value) || !value.isWellFormed());

/** What a message quotes; each language of a server has quotes of its own. */
const quotation = /"([\s\S]*)"|»([\s\S]*)«|«\s([\s\S]*)\s»|«([\s\S]*)»|„([\s\S]*)[“”]|“([\s\S]*)”/;

/** Finds the one value that was refused; undefined where it could be more than one. */
function soughtBy(error: unknown, values: readonly unknown[]): ((value: unknown) => boolean) | undefined {
  const candidates = error instanceof RefusedValue ? [error.value] : candidatesOf(error as DataError, values);
  const [value] = candidates;
  if (value === undefined || new Set(candidates).size > 1) return undefined;
  return (other) => (value instanceof Date && other instanceof Date ? value.getTime() === other.getTime() : Object.is(value, other));
}

function candidatesOf({ code, message, detail, where }: DataError, values: readonly unknown[]): readonly unknown[] {
  const number = /\$(\d+)/.exec(where?.split("\n", 1)[0] ?? "")?.[1];
  const given = (number === undefined ? values : [values[Number(number) - 1]]).flatMap((value) =>
    Array.isArray(value) ? value.flat(6) : [value],
  );
  if (given.length === 1) return number === undefined && !isLikely(code, given[0]) ? [] : given;
  const quoted = quotation
    .exec(message)
    ?.slice(1)
    .find((text) => text !== undefined);
  const said = given.filter((value) => textOf(value) === quoted);
  if (said.length > 0) return said;
  if (code === "22001") {
    const most = Number(/\((\d+)\)/.exec(message)?.[1] ?? Number.NaN);
    return given.filter((value) => typeof value === "string" && [...value].length > most);
  }
  if (code === "22003") {
    const [, precision = "", scale = ""] = /(\d+)\D+(-?\d+)/.exec(detail ?? "") ?? [];
    const least = 10 ** (Number(precision) - Number(scale));
    return precision === "" ? [] : given.filter((value) => typeof value !== "object" && Math.abs(Number(value)) >= least);
  }
  return [];
}

/** Whether the only value of a statement can be what its execution refused. */
function isLikely(code: string, value: unknown): boolean {
  return code === "22003" || code === "22015" ? typeof value === "number" || typeof value === "bigint" : typeof value === "string";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
}
