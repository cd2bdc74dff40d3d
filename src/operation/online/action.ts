import type { AnySchema } from "../../core/schema/standard.ts";
import type { Access } from "../access.ts";
import type { AccessHint, Action, Faults, Hint, Http, RouteHint, SharedSpec, StreamAction, WriteRoute } from "../contract.ts";
import type { ActionHandler, ActionStreamHandler } from "../handler.ts";
import type { Used, Uses } from "../resource.ts";
import { declareOnline } from "./stream/declare.ts";
import type { NoSchema, OneOf, Returned, Returns } from "./stream/returns.ts";

type KeylessHint = "an action has no transaction in which to store the record of a key: pass the key to the command that it calls";

/** What `action` takes. */
export interface ActionSpec<I extends AnySchema, O extends AnySchema, S extends AnySchema, U extends Uses, F extends Faults>
  extends SharedSpec<I, F>,
    Returns<I, O, S> {
  readonly access: Hint<AccessHint, Access>;
  readonly idempotent: Hint<KeylessHint, "natural" | "no">;
  readonly http?: Http<RouteHint, WriteRoute, NoInfer<I>, NoInfer<Returned<O, S>>>;
  /** Resources that the scope brings, by the name used here. */
  readonly uses?: U;
  /** The handler, if it is not added with `implement`. */
  readonly run?: [S] extends [never] ? ActionHandler<I, O, Used<U>, NoInfer<F>> : ActionStreamHandler<I, S, Used<U>, NoInfer<F>>;
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
  O extends AnySchema = NoSchema,
  S extends AnySchema = never,
  const U extends Uses = Record<never, never>,
  const F extends Faults = readonly [],
>(name: string, spec: ActionSpec<I, O, S, U, F> & OneOf<O, S>): [S] extends [never] ? Action<I, O, U, F> : StreamAction<I, S, U, F> {
  return declareOnline("action", name, spec) as unknown as [S] extends [never] ? Action<I, O, U, F> : StreamAction<I, S, U, F>;
}
