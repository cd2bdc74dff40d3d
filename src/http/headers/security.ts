import assert from "node:assert";
import { type Duration, toMs } from "../../core/duration.ts";
import type { CspSources } from "../../operation/online/http-head.ts";
import { HeaderBlock } from "../reply/head.ts";
import { csp } from "./csp.ts";

/** Sent with every reply. An API has no business in frames, caches or referrers. */
export const securityHeaders: readonly string[] = [
  "x-content-type-options",
  "nosniff",
  "x-frame-options",
  "DENY",
  "referrer-policy",
  "no-referrer",
  "content-security-policy",
  "default-src 'none'; frame-ancestors 'none'",
  "strict-transport-security",
  "max-age=31536000; includeSubDomains",
  "cross-origin-resource-policy",
  "same-origin",
  "cache-control",
  "no-store",
];

/** What `http({ security })` changes of the headers that browsers obey. */
export interface SecurityOptions {
  /** *Default*: a reply loads nothing, and is in no frame. A route can have its own, with `contentSecurityPolicy`. */
  readonly contentSecurityPolicy?: CspSources;
  /** How long a browser uses TLS alone. *Default*: a year, with subdomains. `false` sends nothing. */
  readonly strictTransportSecurity?:
    | { readonly maxAge: Duration; readonly includeSubDomains?: boolean; readonly preload?: boolean }
    | false;
  /** Which pages may show a reply in a frame, for browsers that do not know `frame-ancestors`. *Default*: `none`. */
  readonly frames?: "none" | "same-origin";
  /** *Default*: `no-referrer`. */
  readonly referrerPolicy?: "no-referrer" | "same-origin" | "strict-origin" | "strict-origin-when-cross-origin";
  /** Which pages may load a reply without CORS, such as an image. *Default*: `same-origin`. */
  readonly resources?: "same-origin" | "same-site" | "cross-origin";
}

/** The headers of one server, where they are not those of all. */
export class ServerHeaders {
  readonly #changes: ReadonlyMap<string, string | undefined>;
  readonly #made = new Map<HeaderBlock, HeaderBlock>();

  constructor({ contentSecurityPolicy, strictTransportSecurity, frames, referrerPolicy, resources }: SecurityOptions) {
    const changes = new Map<string, string | undefined>();
    if (contentSecurityPolicy !== undefined) changes.set("content-security-policy", csp(contentSecurityPolicy));
    if (strictTransportSecurity !== undefined) changes.set("strict-transport-security", strictTransport(strictTransportSecurity));
    if (frames !== undefined) changes.set("x-frame-options", frames === "none" ? "DENY" : "SAMEORIGIN");
    if (referrerPolicy !== undefined) changes.set("referrer-policy", referrerPolicy);
    if (resources !== undefined) changes.set("cross-origin-resource-policy", resources);
    this.#changes = changes;
  }

  /** The block with the server's headers; what a route or a page has as its own stays. */
  of(block: HeaderBlock): HeaderBlock {
    let made = this.#made.get(block);
    if (made === undefined) {
      made = new HeaderBlock(
        replaced(block.pairs, this.#changes, (name, value) => securityHeaders[securityHeaders.indexOf(name) + 1] === value),
      );
      this.#made.set(block, made);
    }
    return made;
  }
}

/** Names and values in turn, with the changes in place of what was there; undefined leaves a header out. */
export function replaced(
  pairs: readonly string[],
  changes: ReadonlyMap<string, string | undefined>,
  mayChange: (name: string, value: string) => boolean = () => true,
): string[] {
  const all: string[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const [name, value] = [pairs[i] as string, pairs[i + 1] as string];
    if (!changes.has(name) || !mayChange(name, value)) all.push(name, value);
    else {
      const change = changes.get(name);
      if (change !== undefined) all.push(name, change);
    }
  }
  return all;
}

function strictTransport(spec: NonNullable<SecurityOptions["strictTransportSecurity"]>): string | undefined {
  if (spec === false) return undefined;
  const { maxAge, includeSubDomains = true, preload = false } = spec;
  const seconds = Math.floor(toMs(maxAge) / 1_000);
  assert(
    !preload || (includeSubDomains && seconds >= 31_536_000),
    "http({ security: { strictTransportSecurity: { preload } } }) needs includeSubDomains and a maxAge of at least a year.",
  );
  return `max-age=${seconds}${includeSubDomains ? "; includeSubDomains" : ""}${preload ? "; preload" : ""}`;
}
