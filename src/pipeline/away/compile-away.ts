import type { AwayContract, AwayResource } from "../../operation/away/away.ts";
import type { Operation } from "../../operation/contract.ts";
import type { KindTraits } from "../../operation/kind.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { CompiledOperation } from "../registry/compiled.ts";

/** What a call of an operation is here that another process runs: no transaction, no record of a key, and nothing that is kept. */
function awayTraits(traits: KindTraits): KindTraits {
  return { ...traits, transaction: "none", keyed: false, cached: false };
}

/** What a second run of one call does. */
export function repeatableOf(operation: Operation): AwayContract["repeatable"] {
  const { idempotent } = operation.spec;
  const isKeyed = idempotent === "key" || typeof idempotent === "object";
  const always = traitsOf(operation).transaction === "read" || idempotent === "natural";
  return always ? "always" : isKeyed ? "keyed" : "never";
}

/** Takes off a compiled operation what its own process does, and adds where that is. */
export function compileAway(compiled: CompiledOperation, module: string, resource: AwayResource): CompiledOperation {
  const { name, operation, input, output, faults } = compiled;
  const repeatable = repeatableOf(operation);
  return {
    ...compiled,
    traits: awayTraits(compiled.traits),
    // Each of these is done, and counted, where the operation runs.
    ...{ rates: { byCaller: [], byInput: [] }, cache: undefined, reads: undefined, audit: undefined, owns: undefined, key: "none" },
    away: { contract: { name, module, input: input.inputJson, output: output.outputJson, repeatable, faults }, resource, calls: undefined },
  };
}
