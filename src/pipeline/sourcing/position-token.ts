import { crc32 } from "node:zlib";
import { Fault } from "../../core/fault.ts";

/** The header of a response that says where the events of a command stand. */
export const positionHeader = "plimsoll-position";
/** The header of a request that a query waits for. */
export const afterHeader = "plimsoll-after";

/** Characters of a token: each has as many. */
export const tokenChars = 32;
const bytes = 24;
const version = 1;

/** A position as its parts. */
export interface PositionParts {
  readonly epoch: number;
  readonly xid: bigint;
  readonly seq: bigint;
}

/** Reads a position as the log writes it: `epoch/xid/seq`. */
export function partsOf(position: string): PositionParts {
  const [epoch, xid, seq] = position.split("/") as [string, string, string];
  return { epoch: Number(epoch), xid: BigInt(xid), seq: BigInt(seq) };
}

/** Negative where one stands before the other, 0 where they are the same. */
export function compareParts(one: PositionParts, other: PositionParts): number {
  if (one.epoch !== other.epoch) return one.epoch - other.epoch;
  if (one.xid !== other.xid) return one.xid < other.xid ? -1 : 1;
  return one.seq === other.seq ? 0 : one.seq < other.seq ? -1 : 1;
}

/** The later one of two positions. */
export function laterOf(one: string | undefined, other: string): string {
  return one === undefined || compareParts(partsOf(one), partsOf(other)) < 0 ? other : one;
}

/** Written for each token: nothing is kept of it. */
const token = Buffer.alloc(bytes);
const checked = token.subarray(0, 21);

/** Makes the token of a position, which callers keep and send back as it is. It says where an event stands, and nothing of the event. */
export function tokenOf(position: string): string {
  const { epoch, xid, seq } = partsOf(position);
  token.writeUInt8(version, 0);
  token.writeUInt32BE(epoch, 1);
  token.writeBigUInt64BE(xid, 5);
  token.writeBigUInt64BE(seq, 13);
  token.writeUIntBE(crc32(checked) & 0xff_ff_ff, 21, 3);
  return token.toString("base64url");
}

/** Reads a token. *Faults thrown*: `invalid_argument` of type `position_invalid`. */
export function readToken(text: string): PositionParts {
  if (text.length === tokenChars && /^[\w-]+$/.test(text)) {
    const read = Buffer.from(text, "base64url");
    if (read.readUInt8(0) === version && read.readUIntBE(21, 3) === (crc32(read.subarray(0, 21)) & 0xff_ff_ff))
      return { epoch: read.readUInt32BE(1), xid: read.readBigUInt64BE(5), seq: read.readBigUInt64BE(13) };
  }
  throw new Fault({
    code: "invalid_argument",
    type: "position_invalid",
    message:
      "Plimsoll-After is not a position. Send what the header Plimsoll-Position of a response said, as it was, or leave the header out.",
  });
}
