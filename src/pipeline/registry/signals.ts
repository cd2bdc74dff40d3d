import { Fault } from "../../core/fault.ts";
import { type CompiledSchema, compileSchema } from "../../core/schema.ts";
import type { Operation } from "../../operation/contract.ts";
import type { Report } from "./problem.ts";

const names = /^[\x21-\x7e]{1,200}$/;

/** Works out the signals that an operation declares, and reports what is wrong with them. */
export function compileSignals({ name, spec }: Operation, report: Report): ReadonlyMap<string, CompiledSchema> {
  const compiled = new Map<string, CompiledSchema>();
  for (const [signal, schema] of Object.entries(spec.signals ?? {})) {
    const field = `signals.${signal}`;
    if (!names.test(signal)) report(name, field, "A name has 1 to 200 printable ASCII characters without spaces.");
    if (schema?.["~standard"] === undefined) {
      report(name, field, "It is not a schema. Give a Zod schema, or adapt another with adaptSchema.");
      continue;
    }
    try {
      const data = compileSchema(schema, `${name} signal ${signal}`, "input");
      if (data.hasSecrets)
        report(name, field, "It has a secret, which would be stored unencrypted. Send an id by which the saga looks it up.");
      compiled.set(signal, data);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      report(name, field, error.message);
    }
  }
  return compiled;
}
