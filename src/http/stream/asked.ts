import { Fault } from "../../core/fault.ts";
import { isStreamId, lastEventIdInvalid } from "../../pipeline/stream/faults.ts";
import { headerRepeated } from "../faults.ts";
import { type StreamFormat, streamFormats } from "./format.ts";

/** What a client asks of a stream in the head of its request. */
export interface AskedStream {
  readonly format: StreamFormat;
  readonly lastEventId: string | undefined;
}

/** Reads it out of the lines of a head, names and values in turn. Returns the fault of what cannot be served. */
export function readAsked(lines: readonly string[]): AskedStream | Fault {
  const accepted: string[] = [];
  const ids: string[] = [];
  for (let i = 0; i < lines.length; i += 2) {
    const name = (lines[i] as string).toLowerCase();
    if (name === "accept") accepted.push(lines[i + 1] as string);
    else if (name === "last-event-id") ids.push(lines[i + 1] as string);
  }
  if (ids.length > 1) return headerRepeated("last-event-id");
  const [id = ""] = ids;
  if (id !== "" && !isStreamId(id)) return lastEventIdInvalid();
  const format = formatFor(accepted.join(","));
  return format === undefined ? notAcceptable() : { format, lastEventId: id === "" ? undefined : id };
}

/** The preferred one of those that the client likes best; undefined where it accepts none. *Source*: RFC 9110 section 12.5.1. */
function formatFor(accept: string): StreamFormat | undefined {
  if (accept.trim() === "") return streamFormats[0];
  const ranges = accept.split(",").map(readRange);
  let best: StreamFormat | undefined;
  let most = 0;
  for (const format of streamFormats) {
    const quality = qualityOf(format.type, ranges);
    if (quality <= most) continue;
    best = format;
    most = quality;
  }
  return best;
}

interface Range {
  readonly type: string;
  readonly quality: number;
}

function readRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const quality = weight === undefined ? 1 : Number(weight);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 0 };
}

/** The most specific range decides. */
function qualityOf(type: string, ranges: readonly Range[]): number {
  for (const name of [type, `${type.slice(0, type.indexOf("/"))}/*`, "*/*"]) {
    const range = ranges.find((candidate) => candidate.type === name);
    if (range !== undefined) return range.quality;
  }
  return 0;
}

const notAcceptable = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "not_acceptable",
    status: 406,
    message: `This operation streams, and Accept allows none of its formats. Accept one of ${streamFormats.map(({ type }) => type).join(", ")}.`,
  });
