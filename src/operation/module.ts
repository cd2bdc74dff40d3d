import type { AwayResource } from "./away/away.ts";
import type { Operation } from "./contract.ts";
import type { Schedule } from "./durable/schedule.ts";
import type { DomainEvent } from "./events/event.ts";
import type { Implementation } from "./implement.ts";
import type { ModuleMetric } from "./metrics/metric.ts";
import type { Streams } from "./sourcing/event-stream.ts";
import type { Projection } from "./sourcing/projection.ts";

/** What a module consists of. */
export interface ModuleSpec {
  /** The PostgreSQL schema that the module owns. Leave it out if the module stores nothing. */
  readonly schema?: string;
  /** The folder of its ordered SQL files. */
  readonly migrations?: URL;
  /** The operations of the module: what `implement` returned, and operations with their own handler. */
  readonly operations: readonly (Operation | Implementation)[];
  /** The schedules that start its tasks. */
  readonly schedules?: readonly Schedule[];
  /** The events that happen in the module; only its own commands emit them. */
  readonly events?: readonly DomainEvent[];
  /** The kinds of streams that its commands append to. */
  readonly streams?: Streams;
  /** The tables of the module that follow from events. */
  readonly projections?: readonly Projection[];
  /** What its operations count. */
  readonly metrics?: readonly ModuleMetric[];
}

/** A module: its operations, the PostgreSQL schema that it owns, and its migrations. */
export interface Module extends ModuleSpec {
  readonly kind: "module";
  readonly name: string;
  /** What calls its operations where another process runs them, as `remote` of `plimsoll/remote` makes it. *Default*: this process runs them. */
  readonly away?: AwayResource;
  /** Its operations that only that process runs, and no call reaches: what is durable, streams, or takes a file. */
  readonly beyond?: readonly Operation[];
}

/**
 * Declares a module.
 * @example
 * export const orders = module("orders", { schema: "orders", migrations: new URL("./migrations/", import.meta.url), operations: [placeOrder] });
 */
export function module(name: string, spec: ModuleSpec): Module {
  return { kind: "module", name, ...spec };
}
