import type { Service } from "../../core/service.ts";
import type { AuditLog } from "../audit/log.ts";
import type { EventLog } from "../events/log.ts";
import type { DurableKind } from "../kind.ts";
import type { WrittenStreams } from "../online/stream/written.ts";
import type { OpsPage } from "../ops-page.ts";
import type { VaultKeys } from "../vault/vault.ts";
import type { Starts } from "./start.ts";

/**
 * Keeps durable work and runs it. The app and the pipeline know engines by the kinds that they run, and nothing else of them.
 * *Guarantees asked of an implementation*: work that was started is kept until its outcome is, whatever crashes; it runs through the pipeline, at
 * least once, as `system` and for the tenant that it was started for; `commit` of its scope completes it once.
 */
export interface Engine {
  /** The kinds that it runs; each is durable, and of one engine of the app. */
  readonly kinds: readonly DurableKind[];
  /** Started after the database and the resources, before any surface; stopped before them. Its stop begins nothing more and releases what it holds. */
  readonly service: Service;
  /** What starts work of its kinds: for running operations, and for schedules. It can be used from the start of the app. */
  readonly starts: Starts;
  /** Where commands emit events to, if it keeps them; one engine of an app may have one. *Default*: it keeps none. */
  readonly events?: EventLog;
  /** Where audited commands are recorded, if it keeps them; one engine of an app may have one. *Default*: it keeps none. */
  readonly audit?: AuditLog;
  /** The keys of the vault, if it keeps them; one engine of an app may have them. *Default*: it keeps none. */
  readonly vault?: VaultKeys;
  /** What wakes those who follow streams that are kept, if it does; one engine of an app may. *Default*: it does not. */
  readonly written?: WrittenStreams;
  /** What it shows on the ops port. */
  readonly pages: readonly OpsPage[];
}
