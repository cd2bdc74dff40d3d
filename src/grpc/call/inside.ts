import type { OutgoingHttpHeaders } from "node:http2";
import type { Fault } from "../../core/fault.ts";
import { faultTrailer, loadTrailer, openHeader, writeFault, zoneTrailer } from "../../protobuf/inside.ts";
import { showFault } from "./status.ts";

/** What reads how loaded this process is. */
export interface LoadReport {
  /** 0 where nothing runs, 1 where all places are taken, or the event loop has no time left; more where callers wait. */
  read(): number;
  /** Where this process runs, as it was declared. */
  readonly zone: string | undefined;
}

/** What the headers of a stream say that has opened for another service. */
export function openHeaders(load: LoadReport): Readonly<Record<string, string>> {
  return { [openHeader]: "1", ...saidOf(load) };
}

const saidOf = (load: LoadReport) => ({
  [loadTrailer]: load.read().toFixed(3),
  ...(load.zone !== undefined && { [zoneTrailer]: load.zone }),
});

/** What the trailers of a call of another service say beside its status. */
export function insideTrailers(load: LoadReport, fault?: Fault): OutgoingHttpHeaders {
  const said = saidOf(load);
  if (fault === undefined) return said;
  const { type, message, details, problems, retryAfterMs } = showFault(fault);
  const { status } = fault;
  const all = problems.length > 0 ? { ...details, problems } : details;
  return {
    ...said,
    [faultTrailer]: writeFault({ type, message, details: fault.details === undefined ? undefined : all, retryAfterMs, status }),
  };
}
