/** Where an event stands in the log. */
export interface Position {
  readonly epoch: number;
  /** 64 bits, in digits. */
  readonly xid: string;
  readonly seq: number;
}

/** Negative where one stands before the other, 0 where they are the same. */
export function comparePositions(one: Position, other: Position): number {
  if (one.epoch !== other.epoch) return one.epoch - other.epoch;
  // Digits without leading zeros: the longer one is the larger.
  if (one.xid !== other.xid) return one.xid.length - other.xid.length || (one.xid < other.xid ? -1 : 1);
  return one.seq - other.seq;
}

/** As people read it, and as the scope of a handler has it. */
export function positionText({ epoch, xid, seq }: Position): string {
  return `${epoch}/${xid}/${seq}`;
}

/** Reads what {@link positionText} wrote; undefined where a text is none. */
export function parsePosition(text: string): Position | undefined {
  const found = /^(\d{1,9})\/(0|[1-9]\d{0,18})\/(\d{1,15})$/.exec(text);
  if (found === null) return undefined;
  const [, epoch, xid, seq] = found;
  return { epoch: Number(epoch), xid: xid as string, seq: Number(seq) };
}

/** As `positionText`, in texts that sort as the positions do, and all have one length. */
export function sortablePosition({ epoch, xid, seq }: Position): string {
  return `${String(epoch).padStart(10, "0")}/${xid.padStart(20, "0")}/${String(seq).padStart(16, "0")}`;
}

/** Reads what {@link sortablePosition} wrote. */
export function readSortable(text: string): Position {
  const [epoch = "", xid = "", seq = ""] = text.split("/");
  return { epoch: Number(epoch), xid: xid.replace(/^0+(?=\d)/, ""), seq: Number(seq) };
}
