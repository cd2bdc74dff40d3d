import type { AnySchema } from "../core/schema.ts";
import type { Access } from "./access.ts";
import type { AccessMend, Action, ActionHandler, CommonSpec, Http, Mend, RouteMend, WriteRoute } from "./contract.ts";
import type { Used, Uses } from "./resource.ts";

type KeylessMend = "an action has no transaction to keep the record of a key in: give the key to the command that it calls";

export interface ActionSpec<I extends AnySchema, O extends AnySchema, U extends Uses> extends CommonSpec<I, O> {
  readonly access: Mend<AccessMend, Access>;
  readonly idempotent: Mend<KeylessMend, "natural" | "no">;
  readonly http?: Http<RouteMend, WriteRoute, NoInfer<I>, NoInfer<O>>;
  /** Resources that the scope brings, by the name used here. */
  readonly uses?: U;
  /** How it is done, where contract and body are one piece; otherwise see `implement`. */
  readonly run?: ActionHandler<I, O, Used<U>>;
}

/**
 * Declares an operation without a transaction of its own; it may use resources and call queries and commands.
 * @example
 * const signIn = action("identity.sign-in", {
 *   input: Credentials, output: Session, access: "public", idempotent: "no", budget: "2s", uses: { tokens },
 * });
 */
export function action<I extends AnySchema, O extends AnySchema, const U extends Uses = Record<never, never>>(
  name: string,
  spec: ActionSpec<I, O, U>,
): Action<I, O, U> {
  return {
    kind: "action",
    name,
    input: spec.input,
    output: spec.output,
    uses: spec.uses ?? ({} as U),
    spec: spec as unknown as Action<I, O, U>["spec"],
  };
}
