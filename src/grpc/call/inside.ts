import type { OutgoingHttpHeaders } from "node:http2";
import type { Fault } from "../../core/fault.ts";
import type { AwaySaid } from "../../operation/away/away.ts";
import { faultTrailer, loadTrailer, openHeader, saidTrailer, writeFault, writeSaid, zoneTrailer } from "../../protobuf/inside.ts";
import { showFault } from "./status.ts";

/** What reads how loaded this process is. */
export interface LoadReport {
  /** 0 where nothing runs, 1 where all places are taken, or the event loop has no time left; more where callers wait. */
  read(): number;
  /** Where this process runs, as it was declared. */
  readonly zone: string | undefined;
}

/** What the headers of a stream say that has opened for another service. */
export function openHeaders(inside: SaidInside): Readonly<Record<string, string>> {
  return { [openHeader]: "1", ...headersOf(inside) };
}

/** What a call of another service says beside its outcome. */
export interface SaidInside {
  readonly load: LoadReport;
  readonly said: AwaySaid | undefined;
}

const headersOf = ({ load, said }: SaidInside) => ({
  [loadTrailer]: load.read().toFixed(3),
  ...(load.zone !== undefined && { [zoneTrailer]: load.zone }),
  ...(said !== undefined && { [saidTrailer]: writeSaid(said) }),
});

/** What the trailers of a call of another service say beside its status. */
export function insideTrailers(inside: SaidInside, fault?: Fault): OutgoingHttpHeaders {
  const said = headersOf(inside);
  if (fault === undefined) return said;
  const { type, message, details, problems, retryAfterMs } = showFault(fault);
  const { status } = fault;
  const all = problems.length > 0 ? { ...details, problems } : details;
  return {
    ...said,
    [faultTrailer]: writeFault({ type, message, details: fault.details === undefined ? undefined : all, retryAfterMs, status }),
  };
}
