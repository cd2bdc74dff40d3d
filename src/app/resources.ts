import { Fault } from "../core/fault.ts";
import { type LoadLines, linesOf } from "../core/load-line/load-lines.ts";
import type { Service } from "../core/service.ts";
import { messageOf } from "../core/value/thrown.ts";
import type { Override, Resource } from "../operation/resource.ts";
import type { Registry } from "../pipeline/registry/registry.ts";

/** Makes every resource that an operation asks for, once, and lets them go in reverse. */
export class Resources implements Service {
  readonly name = "resources";
  readonly #registry: Registry;
  readonly #overrides: ReadonlyMap<Resource<unknown>, unknown>;
  readonly #loadLines: LoadLines;
  readonly #made: { readonly resource: Resource<unknown>; readonly value: unknown }[] = [];

  constructor(registry: Registry, overrides: readonly Override[], loadLines: LoadLines) {
    this.#registry = registry;
    this.#loadLines = loadLines;
    this.#overrides = new Map(overrides.map(({ resource, value }) => [resource, value]));
  }

  async start(): Promise<void> {
    const values = new Map<Resource<unknown>, unknown>();
    for (const resource of this.#registry.resources) values.set(resource, await this.#make(resource));
    for (const operation of this.#registry.operations.values()) {
      const uses = Object.entries(operation.operation.spec.uses ?? {});
      operation.uses = Object.fromEntries(uses.map(([alias, resource]) => [alias, values.get(resource)]));
    }
  }

  async stop(): Promise<void> {
    for (const { resource, value } of this.#made.splice(0).toReversed()) {
      // One resource that cannot be let go must not keep the others.
      await Promise.resolve(resource.spec?.dispose?.(value)).catch(() => undefined);
    }
  }

  async #make(resource: Resource<unknown>): Promise<unknown> {
    const { name, spec } = resource;
    if (this.#overrides.has(resource)) return this.#overrides.get(resource);
    if (spec === undefined)
      throw new Fault({
        code: "failed_precondition",
        type: "resource_missing",
        message: `The resource "${name}" has no create() of its own. Give it a value: createApp({ provide: [override(…, value)] }).`,
      });
    try {
      const value = await spec.create();
      for (const line of linesOf(value)) this.#loadLines.register(line);
      this.#made.push({ resource, value });
      return value;
    } catch (cause) {
      const reason = messageOf(cause);
      throw new Fault({
        code: "failed_precondition",
        type: "resource_failed",
        message: `The resource "${name}" could not be created: ${reason}. Fix its create(), or replace the resource with override().`,
        cause,
      });
    }
  }
}
