const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Whether a status sends the client to its `Location`. *Source*: RFC 9110 section 15.4. */
export function isRedirect(status: number): boolean {
  return statuses.has(status);
}

/** Whether a text is an origin of the web, as `URL` writes it: scheme, host and port alone. */
export function isOrigin(text: string): boolean {
  return /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;
}

// A reference that names no host resolves to the host of either; one that names a scheme or a host leaves at least one of them.
const bases = ["http://one.invalid", "https://two.invalid"] as const;

/** Whether a client that follows a reference stays on the origin of its request, or goes to one of *origins*. *Source*: WHATWG URL, parsing. */
export function staysWithin(reference: string, origins: ReadonlySet<string>): boolean {
  if (URL.canParse(reference) && origins.has(new URL(reference).origin)) return !hasCredentials(new URL(reference));
  return bases.every((base) => URL.canParse(reference, base) && isAt(new URL(reference, base), base));
}

const isAt = (url: URL, base: string): boolean => url.origin === base && !hasCredentials(url);

const hasCredentials = ({ username, password }: URL): boolean => username !== "" || password !== "";
