import { qualityFor, readAccept } from "../negotiation/accept.ts";

/** Whether a client would rather read HTML than JSON, as a browser says when a person follows a link: it names HTML, and prefers it to JSON. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes("html")) return false;
  const ranges = readAccept(accept);
  const html = Math.max(ranges.get("text/html") ?? 0, ranges.get("application/xhtml+xml") ?? 0);
  return html > Math.max(qualityFor(ranges, "application/problem+json"), ranges.get("application/json") ?? 0);
}
