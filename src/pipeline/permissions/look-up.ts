import type { CompiledOperation } from "../registry/compiled.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** Finds out what the tenant of a caller permits, before access is decided. *Faults thrown*, at once or by the promise: `unavailable` of type `permissions_unavailable`. */
export function lookUpPermissions(execution: RunningExecution): undefined | Promise<void> {
  const { host, compiled } = execution;
  if (compiled.tenantGrants === "needed") return host.tenantGrants?.give(execution);
  // Asked for before its transaction takes a connection: a load that began inside it could wait for a connection that only such transactions hold.
  host.tenantGrants?.ahead(execution);
  return undefined;
}

/** The same for an operation that an execution calls. One execution is decided by one map; a stream may be open for longer than that is good. */
export function lookUpForCall(execution: RunningExecution, called: CompiledOperation): undefined | Promise<void> {
  if (called.tenantGrants !== "needed") return undefined;
  if (execution.permitted !== undefined && execution.streaming === undefined) return undefined;
  return execution.host.tenantGrants?.give(execution);
}

/** The same for the next item of a stream, whose fields depend on it. */
export function lookUpForItem(execution: RunningExecution): undefined | Promise<void> {
  const { compiled, host } = execution;
  return compiled.views !== undefined && compiled.tenantGrants === "needed" ? host.tenantGrants?.give(execution) : undefined;
}
