import type { GraphQLError } from "graphql";
import { Fault } from "../../core/fault.ts";

/** What is wrong with a document, as callers see it. */
export interface DocumentProblem {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
}

/** The most characters of one message: it repeats what the caller sent. */
const messageChars = 500;

/** Refuses a document, or the values of its variables, with everything that is wrong. *Faults*: `graphql_invalid`. */
export function invalidDocument(errors: readonly GraphQLError[]): Fault {
  const list = errors.map(
    ({ message, locations }): DocumentProblem => ({
      message: message.length > messageChars ? `${message.slice(0, messageChars)}…` : message,
      ...(locations !== undefined && { locations }),
    }),
  );
  return new Fault({
    code: "invalid_argument",
    type: "graphql_invalid",
    message: `The document is invalid: ${list[0]?.message ?? "it is empty"}`,
    details: { errors: list },
  });
}
