import { canonicalJson } from "../../core/json.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import type { CompiledEvent } from "../../pipeline/events/declared.ts";
import type { CompiledProjection } from "../../pipeline/sourcing/projections.ts";
import { eventByVersion } from "../definition.ts";
import type { StoredEvent } from "../ports/log-store.ts";
import type { ProjectionTable } from "../ports/projection-store.ts";

/** A projection as its worker has it: a reader of the log with one partition. */
export interface ProjectionDefinition {
  readonly compiled: CompiledProjection;
  readonly name: string;
  readonly names: readonly string[];
  readonly partitions: 1;
  readonly from: "beginning";
  /** Whether commands apply its events, in their own transactions. */
  readonly isInline: boolean;
  /** Its table, as the database has it; undefined before the start. */
  table: ProjectionTable | undefined;
  eventOf(event: Pick<StoredEvent, "name" | "version">): CompiledEvent | undefined;
}

/** Reads what a projection declares. */
export function defineProjection(compiled: CompiledProjection, events: ReadonlyMap<DomainEvent, CompiledEvent>): ProjectionDefinition {
  const { name, on, mode } = compiled.projection;
  return {
    ...{ compiled, name, partitions: 1, from: "beginning", table: undefined, isInline: mode === "inline" },
    names: [...new Set(on.map((event) => event.name))],
    eventOf: eventByVersion(on, events),
  };
}

/** Under which order key an event that was skipped is kept. */
export function skippedKeyOf({ tenant, key }: StoredEvent): string {
  return canonicalJson([tenant, key]);
}
