import { Fault } from "../core/fault.ts";
import { messageOf } from "../core/value/thrown.ts";

/** The package `graphql`, which an app loads only if it uses the surface. */
export type GraphqlLibrary = typeof import("graphql");

/** Loads the package. *Faults thrown*: `failed_precondition` of type `graphql_not_installed`. */
export async function loadGraphql(): Promise<GraphqlLibrary> {
  try {
    return await import("graphql");
  } catch (error) {
    throw new Fault({
      code: "failed_precondition",
      type: "graphql_not_installed",
      message: `graphql() needs the package graphql, and it cannot be loaded: ${messageOf(error)}. Run: npm install graphql@16`,
      cause: error,
    });
  }
}
