import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import type { AsideEvent, SubscriptionAdmin, SubscriptionStats } from "../ports/admin-store.ts";
import type { ProjectionStore, ProjectionTable, Rebuild } from "../ports/projection-store.ts";
import { positionText } from "../position.ts";
import type { ProjectionStall } from "../signals.ts";
import type { ProjectionDefinition } from "./definition.ts";
import { describe } from "./inline.ts";

/** How a projection is. */
export interface ProjectionReading extends Pick<SubscriptionStats, "paused" | "lag" | "lagMs"> {
  readonly name: string;
  readonly table: string;
  readonly position: string;
  /** Events that it could not apply. */
  readonly skipped: number;
  /** Why it stands still; undefined where it does not. */
  readonly stalled: string | undefined;
  readonly rebuild: RebuildReading | undefined;
}

/** How far a rebuild is. */
export interface RebuildReading {
  readonly events: number;
  /** Events that there were when it began. */
  readonly total: number;
  readonly perSecond: number;
  readonly seconds: number;
}

/** What controls projections is made of. */
export interface ProjectionsOptions {
  readonly storeOf: (projection: string) => ProjectionStore;
  readonly admin: SubscriptionAdmin;
  readonly definitions: readonly ProjectionDefinition[];
  readonly watch: { readonly stalls: readonly ProjectionStall[] };
  readonly lookNow: () => Promise<unknown>;
}

/** The projections of an app: shows and rebuilds them. */
export class Projections {
  readonly #options: ProjectionsOptions;

  constructor(options: ProjectionsOptions) {
    this.#options = options;
  }

  /** Each projection with its position, its lag, why it stands still, and its rebuild. */
  async list(): Promise<readonly ProjectionReading[]> {
    const { admin, definitions, storeOf, watch } = this.#options;
    const names = definitions.map(({ name }) => name);
    const [first] = names;
    if (first === undefined) return [];
    const stats = await admin.stats(Object.fromEntries(definitions.map((one) => [one.name, one.names])), names);
    const rebuilds = await storeOf(first).rebuilds();
    return stats.map((one) => ({
      ...{ name: one.name, table: this.#definition(one.name).compiled.projection.table },
      ...{ position: positionText(one), lag: one.lag, lagMs: one.lagMs, paused: one.paused, skipped: one.deadLetters },
      stalled: watch.stalls.find(({ projection }) => projection === one.name)?.why,
      rebuild: readingOf(rebuilds.find(({ name }) => name === one.name)),
    }));
  }

  /** The events that projections could not apply, with the reason of each. */
  async skipped({
    projection,
    limit = 100,
  }: {
    readonly projection?: string;
    readonly limit?: number;
  } = {}): Promise<readonly (AsideEvent & { readonly died: string })[]> {
    const names = projection === undefined ? this.#options.definitions.map(({ name }) => name) : [this.#definition(projection).name];
    const most = Math.max(1, Math.min(limits.eventCount, Math.floor(limit)));
    const found = await Promise.all(names.map((name) => this.#options.admin.deadLetters(name, most)));
    return found.flat().slice(0, most);
  }

  /**
   * Makes the table of a projection again of all its events, beside the one that is read, and puts it in its place once it has caught up. Returns false where a
   * rebuild is under way. *Faults thrown*: `failed_precondition` of type `projection_rebuild`, where another table or a view depends on the table.
   */
  async rebuild(projection: string): Promise<boolean> {
    const definition = this.#definition(projection);
    const begun = await this.#options.storeOf(projection).begin(projection, await this.#table(definition), definition.names);
    await this.#options.lookNow();
    return begun;
  }

  /** Ends a rebuild and drops what it has made. Returns whether one was under way. */
  async cancelRebuild(projection: string): Promise<boolean> {
    const cancelled = await this.#options.storeOf(projection).cancel(projection, await this.#table(this.#definition(projection)));
    await this.#options.lookNow();
    return cancelled;
  }

  async #table(definition: ProjectionDefinition): Promise<ProjectionTable> {
    return describe(this.#options.storeOf(definition.name), definition);
  }

  #definition(name: string): ProjectionDefinition {
    const found = this.#options.definitions.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw new Fault({
      code: "not_found",
      type: "projection_unknown",
      message: `There is no projection "${name}" in this app. Check the name: GET /projections lists them.`,
    });
  }
}

function readingOf(rebuild: Rebuild | undefined): RebuildReading | undefined {
  if (rebuild === undefined) return undefined;
  const { events, total, startedMs } = rebuild;
  const seconds = Math.max(0.001, startedMs / 1_000);
  return { events, total, perSecond: Math.round(events / seconds), seconds };
}
