import { Fault } from "../../core/fault.ts";
import { hasBytes } from "../../core/schema/opaque/opaque.ts";
import { type CompiledSchema, compileSchema } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { Report } from "../registry/problem.ts";

/** What is recorded of an operation, worked out at start. */
export interface CompiledAudit {
  readonly subject: ((input: never) => string) | undefined;
  readonly keepsInput: boolean;
  readonly state: { readonly schema: CompiledSchema; read(input: never, scope: never): Promise<unknown> } | undefined;
  readonly recordsRefusals: boolean;
}

/** Works out what is recorded of an operation; undefined where nothing is. Reports what cannot be. */
export function compileAudit(operation: Operation, input: CompiledSchema, report: Report): CompiledAudit | undefined {
  const { name, kind, spec } = operation;
  const { audit } = spec;
  if (audit === undefined) return undefined;
  const { subject, input: keepsInput = false, state, outcomes = "all" } = audit === true ? {} : audit;
  if (traitsOf(operation).transaction !== "write")
    report(name, "audit", `A ${kind} has no transaction in which a record could be written. Audit the commands that it calls.`);
  if (outcomes !== "all" && outcomes !== "ok") report(name, "audit.outcomes", 'It is neither "all" nor "ok". Write one of them.');
  if (keepsInput && hasBytes(input.inputJson))
    report(name, "audit.input", "The input has bytes, and a record is JSON. Leave the input out of the record.");
  if (state !== undefined && typeof state.read !== "function")
    report(name, "audit.state", "It has no read. Write state: { schema, read }.");
  const schema = state && compileState(name, state.schema, report);
  const read = state?.read as NonNullable<CompiledAudit["state"]>["read"];
  return { subject, keepsInput, recordsRefusals: outcomes === "all", state: schema && { schema, read } };
}

function compileState(name: string, schema: Operation["spec"]["input"] | undefined, report: Report): CompiledSchema | undefined {
  if (schema?.["~standard"] === undefined) {
    report(name, "audit.state", "It has no schema, which says what is kept. Write state: { schema, read }.");
    return undefined;
  }
  try {
    return compileSchema(schema, `${name} audit.state`, "output");
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report(name, "audit.state", error.message);
    return undefined;
  }
}
