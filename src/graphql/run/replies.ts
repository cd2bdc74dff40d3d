import type { Fault } from "../../core/fault.ts";
import { type FaultProblem, problemOf } from "../../surface/problem.ts";
import type { DocumentProblem } from "../plan/invalid.ts";
import { type Path, pathOf } from "../plan/path.ts";

/** An error as a reply lists it. Its extensions are the members of the problem that HTTP would send. */
export interface ReplyError {
  readonly message: string;
  readonly locations?: DocumentProblem["locations"];
  readonly path?: readonly (string | number)[];
  readonly extensions: Omit<FaultProblem, "detail"> & { readonly retryAfter?: number };
}

/** Where an error belongs. */
export interface ErrorPlace {
  readonly path?: Path | undefined;
  readonly locations?: DocumentProblem["locations"];
}

/** Writes a fault as an error of GraphQL. */
function errorOf(fault: Fault, requestId: string, { path, locations }: ErrorPlace = {}): ReplyError {
  const { detail, ...rest } = problemOf(fault, requestId);
  return {
    message: detail,
    ...(locations !== undefined && { locations }),
    ...(path !== undefined && { path: pathOf(path) }),
    // Whole seconds, as HTTP says it.
    extensions: { ...rest, ...(fault.retryAfterMs !== undefined && { retryAfter: Math.max(1, Math.ceil(fault.retryAfterMs / 1000)) }) },
  };
}

/** Writes a fault of a whole request: one error, or one for each thing that is wrong with its document. */
export function requestErrors(fault: Fault, requestId: string): readonly ReplyError[] {
  const { errors } = (fault.details ?? {}) as { readonly errors?: readonly DocumentProblem[] };
  if (fault.type !== "graphql_invalid" || errors === undefined) return [errorOf(fault, requestId)];
  const { extensions } = errorOf(fault, requestId);
  const { details: _, ...common } = extensions;
  return errors.map(({ message, locations }) => ({ message, ...(locations !== undefined && { locations }), extensions: common }));
}

/** A reply as its clients read it, whatever carries it. */
export function resultOf({ data, errors = [], extensions = {} }: ResultParts): ResultParts {
  return {
    ...(errors.length > 0 && { errors }),
    ...(data !== undefined && { data }),
    ...(Object.keys(extensions).length > 0 && { extensions }),
  };
}

interface ResultParts {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly ReplyError[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The errors of one reply. *Bounds*: so many; more are counted. */
export class ErrorList {
  readonly #most: number;
  readonly #requestId: string;
  readonly list: ReplyError[] = [];
  /** Those that are left out. */
  omitted = 0;

  constructor(requestId: string, most: number) {
    this.#requestId = requestId;
    this.#most = most;
  }

  add(fault: Fault, place: ErrorPlace): void {
    if (this.list.length < this.#most) this.list.push(errorOf(fault, this.#requestId, place));
    else this.omitted++;
  }
}
