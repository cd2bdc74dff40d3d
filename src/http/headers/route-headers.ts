import { toMs } from "../../core/duration.ts";
import type { Access } from "../../operation/access.ts";
import type { HttpSpec } from "../../operation/contract.ts";
import type { CacheControlSpec } from "../../operation/online/http-head.ts";
import { HeaderBlock } from "../reply/head.ts";
import { csp } from "./csp.ts";
import { replaced, securityHeaders } from "./security.ts";

/** What is alike in the successes of a route: without a type, and as JSON. */
export interface ReplyBlocks {
  readonly plain: HeaderBlock;
  readonly json: HeaderBlock;
}

/** Those of every route that declares nothing. */
export const usualBlocks = blocksOf(securityHeaders);

/** The headers of a route that declares its own: to callers who are not known, and to others. */
export interface RouteHeaders {
  readonly toStrangers: ReplyBlocks;
  readonly toActors: ReplyBlocks;
}

/** Makes the headers of a route; undefined where it declares none. */
export function routeHeaders({ cacheControl, contentSecurityPolicy, headers }: HttpSpec): RouteHeaders | undefined {
  if (cacheControl === undefined && contentSecurityPolicy === undefined) return undefined;
  const blocks = (shared: boolean): ReplyBlocks => {
    // A session may be in a cookie: who signs out must not see what the browser has kept. What is shared reads none.
    const vary = [...Object.values(headers ?? {}), ...(shared ? [] : ["Cookie"]), "Authorization"];
    const changes = new Map<string, string>();
    if (contentSecurityPolicy !== undefined) changes.set("content-security-policy", csp(contentSecurityPolicy));
    if (cacheControl !== undefined) changes.set("cache-control", cacheText(cacheControl, shared));
    return blocksOf([...replaced(securityHeaders, changes), ...(cacheControl === undefined ? [] : ["vary", vary.join(", ")])]);
  };
  return { toStrangers: blocks(cacheControl?.shared === true), toActors: blocks(false) };
}

/** Says what is wrong with what caches may do; undefined where nothing is. */
export function cacheProblem({ cacheControl, cookies }: HttpSpec, { verb, access }: { verb: string; access: Access }): string | undefined {
  if (cacheControl === undefined) return undefined;
  const { maxAge, staleWhileRevalidate = 0, staleIfError = 0, shared } = cacheControl;
  if (verb !== "GET") return "Caches keep responses to GET alone. Remove it, or make the operation a query with a GET.";
  if (shared && access !== "public")
    return "A shared cache would give the response of one caller to others. Remove shared, or make the access public.";
  if (shared && cookies !== undefined) return "The response depends on cookies, so each caller has its own. Remove shared.";
  const longest = 31_536_000_000;
  if ([maxAge, staleWhileRevalidate, staleIfError].some((duration) => toMs(duration) > longest))
    return 'The longest time is a year, "365d".';
  return undefined;
}

function cacheText({ maxAge, staleWhileRevalidate, staleIfError, immutable }: CacheControlSpec, shared: boolean): string {
  const seconds = (name: string, duration: CacheControlSpec["staleIfError"]) =>
    duration === undefined ? [] : [`${name}=${Math.floor(toMs(duration) / 1_000)}`];
  return [
    shared ? "public" : "private",
    ...seconds("max-age", maxAge),
    ...seconds("stale-while-revalidate", staleWhileRevalidate),
    ...seconds("stale-if-error", staleIfError),
    ...(immutable === true ? ["immutable"] : []),
  ].join(", ");
}

function blocksOf(pairs: readonly string[]): ReplyBlocks {
  return { plain: new HeaderBlock(pairs), json: new HeaderBlock([...pairs, "content-type", "application/json"]) };
}
