import assert from "node:assert";
import type { EventLog } from "../../operation/events/log.ts";
import type { BoundWritten } from "../../operation/online/stream/written.ts";
import type { VaultKeys } from "../../operation/vault/vault.ts";
import type { Host } from "../host.ts";
import { toWake } from "../run/started.ts";
import type { RunningExecution } from "../state/running-execution.ts";

/** The keys of the app, for an operation that uses them. */
export function vaultOf({ vault }: Pick<Host, "vault">, name: string): VaultKeys {
  assert(vault !== undefined, `${name} uses the vault, and the app has none. Add createApp({ vault }).`);
  return vault;
}

/** The search indexes of the app, for an operation that searches one. */
export function eventsFor({ events }: Pick<Host, "events">, name: string): EventLog {
  assert(events !== undefined, `${name} searches an index, and the app has no database that keeps events. Give createApp one.`);
  return events;
}

/** What an operation writes durable streams and follows them with. */
export function writtenOf(execution: RunningExecution, name: string, tenant: string | undefined): BoundWritten {
  const { written } = execution.host;
  assert(written !== undefined, `${name} uses a durable stream, and the app has no database that keeps any. Give createApp one.`);
  return {
    tenant: tenant ?? "",
    get signal() {
      return execution.signal;
    },
    watch: (key) => written.watch(key),
    wrote: (key) => void toWake(execution, written).add(key),
  };
}
