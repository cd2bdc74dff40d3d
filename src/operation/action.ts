import type { Schema } from "../core/schema.ts";
import type { Action, ActionAccess, ActionHandler, CommonSpec } from "./contract.ts";
import type { Used, Uses } from "./resource.ts";

interface ActionBody<I extends Schema, O extends Schema, U extends Uses> extends CommonSpec<I, O> {
  /** Resources that the scope brings, by the name used here. */
  readonly uses?: U;
  /** How it is done, where contract and body are one piece; otherwise see `implement`. */
  readonly run?: ActionHandler<I, O, Used<U>>;
}

export type ActionSpec<I extends Schema, O extends Schema, U extends Uses> = ActionBody<I, O, U> & ActionAccess;

/**
 * Declares an operation without a transaction of its own; it may use resources and call queries and commands.
 * @example
 * const signIn = action("identity.sign-in", {
 *   input: Credentials, output: Session, access: "public", idempotent: "no", budget: "2s", uses: { tokens },
 * });
 */
export function action<I extends Schema, O extends Schema, const U extends Uses = Record<never, never>>(
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
