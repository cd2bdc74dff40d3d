// One case of the suite of frames, and what makes its frames.
import { block, fieldsOf, flags, frame, frameTypes } from "../frames.ts";

/** The codes of errors. *Source*: RFC 9113 §7. */
export const codes = { protocol: 1, internal: 2, flow: 3, settings: 4, closed: 5, size: 6, refused: 7, compression: 9, calm: 11 } as const;

/** What a server must make of the frames. */
export interface FrameCase {
  /** As in `RFC 9113 §5.1`. */
  readonly section: string;
  readonly name: string;
  readonly send: readonly Uint8Array[];
  /** `fine`: the connection goes on. `served`: stream 1 too, with a status of 2xx. `connection`: it ends. `stream`: stream 1 is reset or refused, or it ends. */
  readonly gives: "fine" | "served" | "connection" | "stream";
  /** With which codes it may end. *Default*: `PROTOCOL_ERROR`. */
  readonly codes?: readonly number[];
  /** Without the preface and settings. */
  readonly isBare?: boolean;
}

type Fields = readonly (readonly [name: string, value: string])[];

/** The fields of a request that both servers serve. */
export const post = (more: Fields = []): Fields => fieldsOf("POST", "/", [["content-type", "application/octet-stream"], ...more]);

/** HEADERS of a request. */
export function headers(id: number, fields: Fields | Uint8Array = post(), flag: number = flags.endStream | flags.endHeaders): Buffer {
  return frame([frameTypes.headers, flag, id], fields instanceof Uint8Array ? fields : block(fields));
}

/** HEADERS of a request whose body follows. */
export const opened = (id: number, more: Fields = []): Buffer => headers(id, post(more), flags.endHeaders);
export const data = (id: number, body: Uint8Array | string = "", flag: number = flags.endStream): Buffer =>
  frame([frameTypes.data, flag, id], body);

/** Cases of one section that have their outcome in common. */
export function section(
  of: string,
  outcome: Pick<FrameCase, "gives" | "codes" | "isBare">,
  cases: Readonly<Record<string, readonly Uint8Array[]>>,
): readonly FrameCase[] {
  return Object.entries(cases).map(([name, send]) => ({ section: of, name, send, ...outcome }));
}
