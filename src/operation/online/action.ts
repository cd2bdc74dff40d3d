import type { AnySchema } from "../../core/schema/standard.ts";
import type { Access } from "../access.ts";
import type { AccessHint, Action, CommonSpec, Faults, Hint, Http, RouteHint, WriteRoute } from "../contract.ts";
import type { ActionHandler } from "../handler.ts";
import type { Used, Uses } from "../resource.ts";

type KeylessHint = "an action has no transaction in which to store the record of a key: pass the key to the command that it calls";

/** What `action` takes. */
export interface ActionSpec<I extends AnySchema, O extends AnySchema, U extends Uses, F extends Faults> extends CommonSpec<I, O, F> {
  readonly access: Hint<AccessHint, Access>;
  readonly idempotent: Hint<KeylessHint, "natural" | "no">;
  readonly http?: Http<RouteHint, WriteRoute, NoInfer<I>, NoInfer<O>>;
  /** Resources that the scope brings, by the name used here. */
  readonly uses?: U;
  /** The handler, if it is not added with `implement`. */
  readonly run?: ActionHandler<I, O, Used<U>, NoInfer<F>>;
}

/**
 * Declares an operation without a transaction of its own; it may use resources and call queries and commands.
 * @example
 * const signIn = action("identity.sign-in", {
 *   input: Credentials, output: Session, access: "public", idempotent: "no", budget: "2s", uses: { tokens },
 * });
 */
export function action<
  I extends AnySchema,
  O extends AnySchema,
  const U extends Uses = Record<never, never>,
  const F extends Faults = readonly [],
>(name: string, spec: ActionSpec<I, O, U, F>): Action<I, O, U, F> {
  return {
    kind: "action",
    name,
    input: spec.input,
    output: spec.output,
    faults: spec.faults ?? ([] as unknown as F),
    uses: spec.uses ?? ({} as U),
    spec: spec as unknown as Action<I, O, U>["spec"],
  };
}
