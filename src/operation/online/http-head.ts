import type { Duration } from "../../core/duration.ts";

/** What caches may do with a response. *Source*: RFC 9111, RFC 5861, RFC 8246. */
export interface CacheControlSpec {
  readonly maxAge: Duration;
  /** Whether proxies may give it to other callers: for public operations, and only if the request has no credentials. *Default*: false. */
  readonly shared?: boolean;
  /** How long after its end it may be used while another one is fetched. *Default*: not at all. */
  readonly staleWhileRevalidate?: Duration;
  /** How long after its end it may be used while the service fails. *Default*: not at all. */
  readonly staleIfError?: Duration;
  /** Whether it never changes. *Default*: false. */
  readonly immutable?: boolean;
}

/** What a Content-Security-Policy can allow. */
export type CspDirective =
  | "defaultSrc"
  | "scriptSrc"
  | "styleSrc"
  | "imgSrc"
  | "fontSrc"
  | "connectSrc"
  | "mediaSrc"
  | "frameSrc"
  | "workerSrc"
  | "manifestSrc"
  | "objectSrc"
  | "baseUri"
  | "formAction"
  | "frameAncestors";

/** Where a page may load each kind of thing from: keywords such as `self`, origins, schemes such as `data:`, and what `cspHash` returns. */
export type CspSources = { readonly [Directive in CspDirective]?: readonly string[] };

/** How a browser keeps a cookie. *Source*: RFC 6265bis. */
export interface CookieSpec {
  /** A name that begins with `__Host-` keeps other hosts of the domain from setting the cookie. */
  readonly name: string;
  /** *Default*: until the browser closes. *Bounds*: 1 s to 400 days. */
  readonly maxAge?: Duration;
  /** *Default*: `/`. */
  readonly path?: string;
  /** *Default*: the host that sends it, without its subdomains. */
  readonly domain?: string;
  /** Whether scripts of the page cannot read it. *Default*: true. */
  readonly httpOnly?: boolean;
  /** Whether it is sent over TLS only, and to localhost. *Default*: true. */
  readonly secure?: boolean;
  /** Whether other sites may cause requests with it. *Default*: `lax`: only by a link that a person follows. */
  readonly sameSite?: "lax" | "strict" | "none";
  /** Whether a page that is embedded in another site has a cookie of its own there. *Default*: false. */
  readonly partitioned?: boolean;
}
