import type { AnySchema, Input, Output } from "../../core/schema/standard.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Access } from "../access.ts";
import type {
  AccessHint,
  Action,
  DuplexAction,
  Faults,
  Http,
  ReadRoute,
  RouteHint,
  SharedSpec,
  StreamAction,
  WriteRoute,
} from "../contract.ts";
import type { ActionHandler, ActionStreamHandler } from "../handler.ts";
import type { Used, Uses } from "../resource.ts";
import type { McpSpec } from "./mcp.ts";
import { declareOnline } from "./stream/declare.ts";
import type { Incoming, Received } from "./stream/receives.ts";
import type { NoSchema, OneOf, Returned, Returns } from "./stream/returns.ts";

type KeylessHint = "an action has no transaction in which to store the record of a key: pass the key to the command that it calls";

/** What `action` takes. */
export interface ActionSpec<
  I extends AnySchema,
  O extends AnySchema,
  S extends AnySchema,
  U extends Uses,
  F extends Faults,
  R extends AnySchema = never,
> extends SharedSpec<I, F>,
    Returns<I, O, S> {
  readonly access: Hint<AccessHint, Access>;
  readonly idempotent: Hint<KeylessHint, "natural" | "no">;
  readonly http?: Http<RouteHint, [R] extends [never] ? WriteRoute : ReadRoute, NoInfer<I>, NoInfer<Returned<O, S>>>;
  readonly mcp?: true | McpSpec<keyof Input<NoInfer<I>> & string, Output<NoInfer<Returned<O, S>>>>;
  /** What the client sends while the operation streams: the schema of a message, or that and its limits. The route is a GET, over which a WebSocket is opened. */
  readonly receives?: Received<R>;
  /** Resources that the scope brings, by the name used here. */
  readonly uses?: U;
  /** The handler, if it is not added with `implement`. */
  readonly run?: [S] extends [never]
    ? ActionHandler<I, O, Used<U>, NoInfer<F>>
    : ActionStreamHandler<I, S, Used<U> & ([R] extends [never] ? unknown : Incoming<Output<R>>), NoInfer<F>>;
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
  R extends AnySchema = never,
>(name: string, spec: ActionSpec<I, O, S, U, F, R> & OneOf<O, S>): DeclaredAction<I, O, S, U, F, R> {
  return declareOnline("action", name, spec) as unknown as DeclaredAction<I, O, S, U, F, R>;
}

/** The contract that a spec makes: of an action that returns an output, streams, or streams and receives. */
type DeclaredAction<
  I extends AnySchema,
  O extends AnySchema,
  S extends AnySchema,
  U extends Uses,
  F extends Faults,
  R extends AnySchema,
> = [S] extends [never] ? Action<I, O, U, F> : [R] extends [never] ? StreamAction<I, S, U, F> : DuplexAction<I, S, R, U, F>;
