import type { AwayContract, AwayResource } from "../../operation/away/away.ts";
import type { Operation } from "../../operation/contract.ts";
import type { KindTraits } from "../../operation/kind.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { CompiledOperation } from "../registry/compiled.ts";

/** What a call of an operation is here that another process runs: no transaction, no record of a key, and nothing that is kept. */
function awayTraits(traits: KindTraits): KindTraits {
  return { ...traits, transaction: "none", keyed: false, cached: false };
}

/** How much longer a stream may be idle, and open, here than where it runs: a process that responds ends it itself. *Units*: milliseconds. */
const graceMs = 2_000;

/** What a second run of one call does. */
export function repeatableOf(operation: Operation): AwayContract["repeatable"] {
  const { idempotent } = operation.spec;
  const isKeyed = idempotent === "key" || typeof idempotent === "object";
  const always = traitsOf(operation).transaction === "read" || idempotent === "natural";
  return always ? "always" : isKeyed ? "keyed" : "never";
}

/** Takes off a compiled operation what its own process does, and adds where that is. */
export function compileAway(compiled: CompiledOperation, module: string, resource: AwayResource): CompiledOperation {
  const { name, operation, input, output, faults, stream, receives } = compiled;
  const repeatable = repeatableOf(operation);
  const contract = { name, module, input: input.inputJson, output: output.outputJson, repeatable, faults, streams: stream !== undefined };
  return {
    ...compiled,
    traits: awayTraits(compiled.traits),
    // A flood of one caller is refused here too, before it takes the slots that others wait for. Where the operation runs, all callers are counted.
    rates: { byCaller: compiled.rates.byCaller, byInput: [] },
    // Each of these is done where the operation runs.
    ...{ cache: undefined, reads: undefined, audit: undefined, owns: undefined, key: "none" },
    // Its own process looks first at how long it is idle and open, and parses what its client sends.
    ...(stream !== undefined && { stream: { ...stream, idleMs: stream.idleMs + graceMs, longestMs: stream.longestMs + graceMs } }),
    ...(receives !== undefined && { receives: { ...receives, isCarried: true } }),
    away: { contract: { ...contract, message: receives?.message.inputJson }, resource, calls: undefined },
  };
}
