/** A client that sends more ranges than this is judged by the first. */
const mostRanges = 32;

/**
 * Whether a client would rather read HTML than JSON, as a browser says when a person follows a link: it names HTML, and prefers it to JSON.
 * *Source*: RFC 9110 §12.5.1.
 */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined || !accept.toLowerCase().includes("html")) return false;
  let html = 0;
  let json: number | undefined;
  let wildcard = 0;
  for (const range of accept.toLowerCase().split(",", mostRanges)) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    const quality = qualityOf(parameters);
    if (type === "text/html" || type === "application/xhtml+xml") html = Math.max(html, quality);
    else if (type === "application/json" || type === "application/problem+json") json = Math.max(json ?? 0, quality);
    else if (type === "application/*" || type === "*/*") wildcard = Math.max(wildcard, quality);
  }
  return html > (json ?? wildcard);
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const quality = given === undefined ? 1 : Number(given);
  return quality >= 0 && quality <= 1 ? quality : 0;
}
