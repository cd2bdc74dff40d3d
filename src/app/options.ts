import type { CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Report } from "../pipeline/registry/problem.ts";
import { grantPermissions } from "./access/permissions.ts";
import type { AppSpec } from "./app-spec.ts";
import { checkOpsToken } from "./ops/token.ts";

type CheckedSpec = Pick<
  AppSpec,
  | "roles"
  | "limits"
  | "sample"
  | "cache"
  | "revocations"
  | "database"
  | "tenancy"
  | "permissions"
  | "internalCallers"
  | "ops"
  | "audit"
  | "vault"
>;

const roles: readonly string[] = ["serve", "worker"];

/** Reports options of an app that no process can run by: often they come from the environment, where types do not reach. */
export function checkOptions(spec: CheckedSpec, operations: ReadonlyMap<string, CompiledOperation>, report: Report): void {
  if (spec.ops !== undefined) checkOpsToken(spec.ops, report);
  grantPermissions(operations.values(), spec, report);
  if (spec.internalCallers?.permissions !== undefined)
    report("createApp", "internalCallers", "It is asked of every request, and permissions are of operations. Write role(…) or rule(…).");
  for (const role of spec.roles ?? [])
    if (!roles.includes(role))
      report("createApp", "roles", `There is no role ${show(role)}. Use "serve", "worker", both, or an empty list.`);
  const { concurrency = 1, queue = 0, streams = 1, streamsPerCaller = 1 } = spec.limits ?? {};
  for (const [name, value] of Object.entries({ streams, streamsPerCaller }))
    if (!Number.isSafeInteger(value) || value < 1)
      report("createApp", `limits.${name}`, `${show(value)} is not a number of streams. Use a whole number from 1.`);
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    report("createApp", "limits.concurrency", `${show(concurrency)} is not a number of executions. Use a whole number from 1.`);
  if (!Number.isSafeInteger(queue) || queue < 0)
    report("createApp", "limits.queue", `${show(queue)} is not a number of waiting executions. Use a whole number from 0.`);
  const { bytes = 1 } = spec.cache ?? {};
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    report("createApp", "cache.bytes", `${show(bytes)} is not a size. Use a whole number of bytes from 1.`);
  if (spec.revocations !== undefined && spec.database === undefined)
    report(
      "createApp",
      "revocations",
      "Revocations are kept in the database, and the app has none. Add a database, or take revocations out.",
    );
  if (spec.audit !== undefined && spec.database === undefined)
    report("createApp", "audit", "The audit trail is kept in the database, and the app has none. Add a database, or take audit out.");
  if (spec.vault !== undefined && spec.database === undefined)
    report(
      "createApp",
      "vault",
      "The keys of the vault are kept in the database, and the app has none. Add a database, or take vault out.",
    );
  for (const { name, audit } of operations.values())
    if (audit !== undefined && spec.audit === undefined)
      report(name, "audit", "It is audited, and the app keeps no audit trail. Add audit: { key } to createApp.");
  const { sample = 0 } = spec;
  if (!(sample >= 0 && sample <= 1)) report("createApp", "sample", `${show(sample)} is not a share of requests. Use a number from 0 to 1.`);
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : String(value);
}
