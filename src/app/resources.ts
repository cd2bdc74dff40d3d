import { Fault } from "../core/fault.ts";
import { type LoadLines, linesOf } from "../core/load-line/load-lines.ts";
import type { Service } from "../core/service.ts";
import { messageOf } from "../core/value/thrown.ts";
import type { AwayCalls } from "../operation/away/away.ts";
import type { Override, Resource, ResourceHost } from "../operation/resource.ts";
import type { BoundResource, CompiledOperation } from "../pipeline/registry/compiled.ts";
import type { Registry } from "../pipeline/registry/registry.ts";

/** What resources are made of. */
export interface ResourcesOptions {
  readonly provide: readonly Override[];
  readonly host: ResourceHost;
  /** Where the limits of resources are listed. */
  readonly loadLines: LoadLines;
}

/** Makes every resource that an operation asks for, once, and lets them go in reverse. */
export class Resources implements Service {
  readonly name = "resources";
  readonly #registry: Registry;
  readonly #host: ResourceHost;
  readonly #loadLines: LoadLines;
  readonly #overrides: ReadonlyMap<Resource<unknown>, unknown>;
  /** `asked`: in whose place it may stand. */
  readonly #made: { readonly asked: Resource<unknown>; readonly resource: Resource<unknown>; readonly value: unknown }[] = [];

  constructor(registry: Registry, { provide, host, loadLines }: ResourcesOptions) {
    this.#registry = registry;
    this.#host = host;
    this.#loadLines = loadLines;
    this.#overrides = new Map(provide.map(({ resource, value }) => [resource, value]));
  }

  async start(): Promise<void> {
    const values = new Map<Resource<unknown>, unknown>();
    for (const resource of this.#registry.resources) values.set(resource, await this.#make(resource));
    for (const operation of this.#registry.operations.values()) {
      if (operation.away !== undefined) {
        // What it uses is made where it runs.
        bringAway(operation.away, values);
        continue;
      }
      const uses = Object.entries(operation.operation.spec.uses ?? {});
      operation.uses = Object.fromEntries(uses.map(([alias, resource]) => [alias, values.get(resource)]));
      operation.bound = uses.flatMap(([alias, resource]) => this.#boundOf(alias, resource, values.get(resource)));
    }
  }

  #boundOf(alias: string, resource: Resource<unknown>, value: unknown): BoundResource[] {
    const made = this.#made.find((one) => one.value === value && one.asked === resource);
    const spec = made?.resource.spec;
    return spec?.bind === undefined ? [] : [{ alias, bind: (caller) => spec.bind?.(value, caller) }];
  }

  async stop(): Promise<void> {
    for (const { resource, value } of this.#made.splice(0).toReversed()) {
      // A resource whose disposal fails must not keep the others from theirs.
      await Promise.resolve(resource.spec?.dispose?.(value)).catch(() => undefined);
    }
  }

  async #make(asked: Resource<unknown>): Promise<unknown> {
    const standIn = this.#overrides.get(asked);
    if (this.#overrides.has(asked) && !isResource(standIn)) return standIn;
    const resource = isResource(standIn) ? standIn : asked;
    const { name, spec } = resource;
    if (spec === undefined)
      throw new Fault({
        code: "failed_precondition",
        type: "resource_missing",
        message: `The resource "${name}" has no create() of its own. Give it a value: createApp({ provide: [override(…, value)] }).`,
      });
    try {
      const value = await spec.create(this.#host);
      for (const line of linesOf(value)) this.#loadLines.register(line);
      this.#made.push({ asked, resource, value });
      return value;
    } catch (cause) {
      const reason = messageOf(cause);
      throw new Fault({
        code: "failed_precondition",
        type: "resource_failed",
        message: `The resource "${name}" could not be created: ${reason.replace(/\.$/, "")}. Fix its create(), or replace the resource with override().`,
        cause,
      });
    }
  }
}

function bringAway(away: NonNullable<CompiledOperation["away"]>, values: ReadonlyMap<Resource<unknown>, unknown>): void {
  const calls = values.get(away.resource) as AwayCalls;
  calls.prepare(away.contract);
  away.calls = calls;
}

function isResource(value: unknown): value is Resource<unknown> {
  return typeof value === "object" && value !== null && (value as { readonly kind?: unknown }).kind === "resource";
}
