/** A client that sends more ranges than this is judged by the first. */
const mostRanges = 64;

/** The ranges of an `Accept` header, in small letters and without parameters, with how much the client wants each: 0 to 1. */
export type AcceptedRanges = ReadonlyMap<string, number>;

/** Reads an `Accept` header. *Source*: RFC 9110 §12.5.1. */
export function readAccept(accept: string): AcceptedRanges {
  const ranges = new Map<string, number>();
  for (const part of accept.toLowerCase().split(",", mostRanges)) {
    const [range = "", ...parameters] = part.split(";").map((text) => text.trim());
    if (range !== "") ranges.set(range, Math.max(ranges.get(range) ?? 0, qualityOf(parameters)));
  }
  return ranges;
}

/** How much a client wants a media type: by the range that names it most exactly. */
export function qualityFor(ranges: AcceptedRanges, type: string): number {
  return ranges.get(type) ?? ranges.get(`${type.slice(0, type.indexOf("/"))}/*`) ?? ranges.get("*/*") ?? 0;
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const quality = given === undefined ? 1 : Number(given);
  return quality >= 0 && quality <= 1 ? quality : 0;
}
