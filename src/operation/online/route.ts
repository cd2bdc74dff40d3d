import type { Duration } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import { type WebInput, webInput, webResponse } from "../../core/schema/opaque/web.ts";
import type { Hint } from "../../core/value/hint.ts";
import type { Access } from "../access.ts";
import type { AccessHint, Faults, Handler, OnlineBudget, Operation, Route } from "../contract.ts";
import type { Criticality } from "../execution.ts";
import type { Used, Uses } from "../resource.ts";
import { parseRoute } from "../route.ts";
import type { ActionScope } from "../scope.ts";
import type { SloSpec } from "../slo/spec.ts";

type VerbHint = 'write a verb and a path, as in "GET /sitemap.xml"';

/** What `route` takes beside the route and the handler. */
export interface PlainRouteSpec<U extends Uses, F extends Faults> {
  /** Its name, which begins with that of its module. */
  readonly name: string;
  /** One line for documents. */
  readonly summary?: string;
  readonly access: Hint<AccessHint, Access>;
  readonly budget: Duration | OnlineBudget<unknown>;
  readonly criticality?: Criticality;
  /** Which share of its executions is to succeed, and how soon. *Default*: by criticality and budget. */
  readonly slo?: SloSpec;
  /** The faults that callers may see; any other becomes `internal`. */
  readonly faults?: F;
  /** Resources that the scope brings, by the name used here. */
  readonly uses?: U;
  /** The most bytes of a request's body, which the handler reads as it comes. *Default*: `limits.anonymousBodyBytes`. *Bounds*: at least 1. */
  readonly bodyBytes?: number;
}

/** The scope of a plain route: that of an action, and the parameters of the path. */
export interface PlainRouteScope<F extends Faults> extends ActionScope<F[number]> {
  /** The parameters of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/** The handler of a plain route. */
export type PlainHandler<U extends Uses, F extends Faults> = (
  request: Request,
  scope: PlainRouteScope<F> & Used<U>,
) => Response | Promise<Response>;

/** A plain route as an operation: it cannot be called, only fetched. */
export interface PlainRoute extends Operation {
  readonly kind: "plain-route";
}

/**
 * Declares a plain route: a handler that takes a web `Request` and returns a `Response`, under the same admission, access and telemetry as any operation.
 * *Bounds*: the budget's deadline is the time to the `Response`. Its body is sent as fast as the client takes it, for at most `limits.streamLongestMs`; the next
 * bytes of it must come within `limits.downloadStallMs`. *Faults thrown*: 413 above `bodyBytes`; 500 if it returns no `Response`.
 * @example route("GET /robots.txt", { name: "site.robots", access: "public", budget: "1s" }, () => new Response("User-agent: *"))
 */
export function route<const U extends Uses = Record<never, never>, const F extends Faults = readonly []>(
  path: Hint<VerbHint, Route>,
  spec: PlainRouteSpec<U, F>,
  handler: PlainHandler<U, NoInfer<F>>,
): PlainRoute {
  const { name, bodyBytes = limits.anonymousBodyBytes, ...rest } = spec;
  const declared = path as Route;
  const run = async ({ request, params }: WebInput, scope: PlainRouteScope<F> & Used<U>): Promise<Response> => {
    const response = await handler(request, Object.assign(scope, { params }));
    // The caller has its reply already, and nothing else would let go of what the body holds.
    if (scope.signal.aborted) response.body?.cancel().catch(() => undefined);
    return response;
  };
  const input = webInput(parseRoute(declared)?.parameters ?? []);
  return {
    kind: "plain-route",
    name,
    spec: {
      ...rest,
      budget: rest.budget as OnlineBudget<never>,
      access: rest.access as Access,
      ...{ input, output: webResponse(), idempotent: "no", run: run as Handler, http: { route: declared, requestBytes: bodyBytes } },
    },
  };
}
