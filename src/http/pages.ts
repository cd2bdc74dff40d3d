import type { SurfaceHost } from "../app/surface.ts";
import { Fault } from "../core/fault.ts";
import { asyncApiDocument } from "../surface/asyncapi.ts";
import { openApiDocument } from "../surface/openapi.ts";
import { isDecodable } from "./bind.ts";
import type { Cors } from "./cors/cors.ts";
import { docsPage, readAssets } from "./docs/page.ts";
import { methodNotAllowed, routeNotFound, urlMalformed } from "./faults.ts";
import { securityHeaders } from "./headers/security.ts";
import { faultReply, type HttpReply, optionsReply } from "./reply/reply.ts";
import type { RequestHeaders } from "./request-headers.ts";
import type { HttpRouter } from "./router.ts";

/**
 * The pages that are no operations: the OpenAPI document, the AsyncAPI document where the app has events, the page that shows the first, and the way from `/` to that
 * page where no operation is there. All are made when first asked for, so that a start only reads the files of the page.
 */
export function documentPages(router: HttpRouter, { runtime, authenticator, service }: SurfaceHost): ReadonlyMap<string, HttpReply> {
  const { tenancy } = runtime.options;
  const { registry } = runtime;
  const hasEvents = registry.events.size > 0;
  const operations = () => router.routes.map(({ operation }) => operation);
  const document = () => JSON.stringify(openApiDocument({ operations: operations(), service, authenticator, tenancy }));
  const assets = readAssets();
  const eventDocument = () => JSON.stringify(asyncApiDocument({ ...registry, service }));
  const page = () => {
    const { html, contentSecurityPolicy } = docsPage({
      ...{ title: `${service.name} ${service.version}`, documentUrl: "openapi.json", assets },
      ...(hasEvents && { eventDocumentUrl: "asyncapi.json" }),
    });
    return { headers: [...withPolicy(contentSecurityPolicy), "content-type", "text/html; charset=utf-8"], body: html };
  };
  // Who opens the address in a browser wants to read. Relative, so that it also holds behind a proxy that cuts a prefix off.
  const front: HttpReply = { status: 302, headers: [...securityHeaders, "location", "docs"], body: "" };
  return new Map<string, HttpReply>([
    ...(router.allowed("/").length === 0 ? [["/", front] as const] : []),
    ["/openapi.json", jsonPage(document)],
    ...(hasEvents ? [["/asyncapi.json", jsonPage(eventDocument)] as const] : []),
    ["/docs", made(page)],
  ]);
}

function jsonPage(document: () => string): HttpReply {
  return made(() => ({ headers: [...securityHeaders, "content-type", "application/json"], body: document() }));
}

/** Makes a page when it is first asked for, and keeps its bytes. */
function made(make: () => Pick<HttpReply, "headers" | "body">): HttpReply {
  const kept = once(() => {
    const page = make();
    return { ...page, encoded: Buffer.from(page.body) };
  });
  return {
    status: 200,
    get headers() {
      return kept().headers;
    },
    get body() {
      return kept().body;
    },
    get encoded() {
      return kept().encoded;
    },
  };
}

/** What a request is about that fits no operation. */
export interface Unmatched {
  readonly method: string;
  readonly path: string;
  readonly requestId: string;
  readonly headers: RequestHeaders;
}

/** What a server has at its paths, and for whom. */
export interface Site {
  readonly router: HttpRouter;
  readonly pages: ReadonlyMap<string, HttpReply>;
  readonly cors: Cors | undefined;
}

/** Answers a request that fits no operation: with a page, with what is allowed at its path, or that there is nothing. */
export function replyWithoutOperation({ router, pages, cors }: Site, { method, path, requestId, headers }: Unmatched): HttpReply {
  const page = pages.get(path);
  if (page !== undefined && (method === "GET" || method === "HEAD")) return { ...page, headers: [...page.headers] };
  const allowed = page === undefined ? router.allowed(path) : ["GET", "HEAD"];
  // A path that is not percent-encoded UTF-8 matches no route.
  if (path.includes("%") && !isDecodable(path)) return faultReply({ fault: urlMalformed("The path"), requestId });
  if (allowed.length === 0) return faultReply({ fault: routeNotFound(path), requestId });
  if (method === "OPTIONS") return answerOptions(allowed, { cors, headers, requestId });
  return faultReply({ fault: methodNotAllowed(method, allowed.join(", ")), requestId });
}

function answerOptions(
  allowed: readonly string[],
  { cors, headers, requestId }: Pick<Site, "cors"> & Pick<Unmatched, "headers" | "requestId">,
): HttpReply {
  const reply = optionsReply(allowed.join(", "), requestId);
  try {
    const preflight = cors?.preflight(headers, allowed);
    return preflight === undefined ? reply : { ...reply, headers: [...reply.headers, ...preflight] };
  } catch (fault) {
    if (fault instanceof Fault) return faultReply({ fault, requestId });
    throw fault;
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The security headers of every reply, with a policy of the page's own. */
function withPolicy(policy: string): string[] {
  const at = securityHeaders.indexOf("content-security-policy");
  return securityHeaders.with(at + 1, policy) as string[];
}
