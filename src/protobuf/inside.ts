import type { IssuedCredential } from "../operation/authentication/place.ts";
import type { AwaySaid, ShownRate } from "../operation/away/away.ts";

/** The header with the token that a service signs for one call of another. */
export const tokenHeader = "plimsoll-internal";
/** The header with the fingerprint of the method that the caller means. */
export const contractHeader = "plimsoll-contract";
/** The trailer with the load of the callee. */
export const loadTrailer = "plimsoll-load";
/** The trailer with the zone of the callee, where it has declared one. */
export const zoneTrailer = "plimsoll-zone";
/** The header with which a callee says that a stream has opened. */
export const openHeader = "plimsoll-open";
/** The trailer that says why a stream ended, where it was not complete. */
export const endedTrailer = "plimsoll-ended";
/** The trailer, or the header of a stream that opens, with what a call says beside its output. */
export const saidTrailer = "plimsoll-said-bin";
/** The header that says why the client of a call must not be given credentials. */
export const refusesCredentialsHeader = "plimsoll-refuses-credentials-bin";
/** Whether a trailer can carry the name of a zone as it is. *Bounds*: 63 characters. */
export const isZone = (zone: string): boolean => /^[a-z0-9][\w.-]{0,62}$/i.test(zone);
/** What a name of a zone is, for who wrote another. */
export const zoneForm = 'Write up to 63 letters, digits, dots, hyphens and underscores, as in "eu-1a".';
/** The trailer with all of a fault that its status cannot say. */
export const faultTrailer = "plimsoll-fault-bin";

/** A fault between services, beside its code. */
export interface CarriedFault {
  readonly type: string;
  readonly message: string;
  readonly details: unknown;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
}

const mostBytes = 12_288;
const messageChars = 2_048;

/** Writes a fault for a trailer. *Bounds*: 12 KiB; problems that do not fit are left out, then all details. */
export function writeFault(fault: CarriedFault): string {
  const { details } = fault;
  const problems = typeof details === "object" && details !== null && "problems" in details ? details.problems : undefined;
  const tries: unknown[] = [details];
  for (let most = 64; Array.isArray(problems) && most >= 1; most /= 4)
    tries.push({ ...(details as object), problems: problems.slice(0, most) });
  for (const tried of [...tries, undefined]) {
    const written = encoded({ ...fault, message: fault.message.slice(0, messageChars), details: tried });
    if (written.length <= mostBytes) return written;
  }
  return "";
}

const mostSaidBytes = 24_576;

/** Writes what a call says beside its output, for a trailer. *Bounds*: 24 KiB; rates that do not fit are left out. */
export function writeSaid(said: AwaySaid): string {
  const { rates: _, ...rest } = said;
  const written = encoded(said);
  return written.length <= mostSaidBytes ? written : encoded(rest);
}

/** Reads it; undefined where there is none. A service of the system has written it, of this release or another. */
export function readSaid(text: string): AwaySaid | undefined {
  if (text === "" || text.length > 2 * mostSaidBytes) return undefined;
  try {
    const { replayed, stale, position, credentials, rates } = decoded(text);
    return {
      ...{ replayed: replayed === true, stale: stale === true },
      ...(typeof position === "string" && /^\d+\/\d+\/\d+$/.test(position) && { position }),
      ...(Array.isArray(credentials) && { credentials: credentials as readonly IssuedCredential[] }),
      ...(Array.isArray(rates) && { rates: rates as readonly ShownRate[] }),
    };
  } catch {
    return undefined;
  }
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64").replace(/=+$/, "");
const decoded = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, "base64").toString());

/** Reads a fault out of a trailer; undefined where it is none. */
export function readFault(text: string): CarriedFault | undefined {
  if (text.length > mostBytes) return undefined;
  try {
    const { type, message, details, retryAfterMs, status } = decoded(text);
    if (typeof type !== "string" || typeof message !== "string") return undefined;
    return { type, message, details, retryAfterMs: numberOf(retryAfterMs), status: numberOf(status) };
  } catch {
    return undefined;
  }
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" && value >= 0 ? value : undefined);
