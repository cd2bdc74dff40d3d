import { Fault } from "../core/fault.ts";

/** Why a call failed, in one of few words: the type of a fault, the code of an error of Node.js, or the name of the error. */
export function describeFailure(thrown: unknown): string {
  if (thrown instanceof Fault) return thrown.type;
  if (!(thrown instanceof Error)) return "not an error";
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.name;
}
