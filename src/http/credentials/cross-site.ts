import { Fault } from "../../core/fault.ts";

/** What a request says of the page that sent it. */
export interface Sender {
  /** `Sec-Fetch-Site`, which browsers send and scripts cannot set. */
  readonly site: string | undefined;
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** Whether it has `X-Requested-With`, which a page of another origin cannot send without the consent of the server. */
  readonly custom: boolean;
}

/**
 * Says why a request that writes must not count as the caller's own: a page of another origin has sent it. `known`: whether something must show that none has;
 * otherwise a request that says nothing of its sender is none of a browser.
 * *Source*: OWASP Cross-Site Request Forgery Prevention, "Fetch Metadata headers"; W3C Fetch Metadata.
 */
export function crossSite(
  sender: Sender,
  { origins, known }: { readonly origins: readonly string[]; readonly known: boolean },
): Fault | undefined {
  const { site, origin, host, custom } = sender;
  if (site === "same-origin" || site === "none") return undefined;
  if (origin !== undefined && origins.includes(origin)) return undefined;
  if (site === undefined) {
    // A cookie of a session is Secure: its own pages came over TLS. Some clients write the port of TLS into the host, and none into the origin.
    if (origin !== undefined && host !== undefined && origin === `https://${host.toLowerCase().replace(/:443$/, "")}`) return undefined;
    if (origin === undefined && (custom || !known)) return undefined;
  }
  const reason =
    site === undefined && origin === undefined
      ? "it does not say which page sent it. A program must send the header X-Requested-With"
      : "a page of another origin sent it. List the origin in sessions({ origins }) if it is yours";
  return new Fault({
    code: "permission_denied",
    type: "cross_site_request",
    message: `The request writes with the cookie of a session, or signs in, and ${reason}.`,
  });
}

/**
 * Says the same of a request that counts as that of the certificate of its connection, which a browser presents by itself as it does a cookie. With such a request
 * it sends the origin of the page.
 */
export function crossSiteByCertificate({ origin, host }: Pick<Sender, "origin" | "host">): Fault | undefined {
  const refusal = crossSite({ origin, host, site: undefined, custom: false }, { origins: [], known: false });
  return (
    refusal &&
    new Fault({
      code: "permission_denied",
      type: "cross_site_request",
      message:
        "The request writes with the client certificate of a browser, and a page of another origin sent it. If that page is yours, list its origin in http({ cors: { origins, credentials: true } }).",
    })
  );
}
