// As much of the PostgreSQL protocol, version 3, as is needed to tell where a statement and its response end.
// *Source*: PostgreSQL documentation, "Message Formats".

/** Bytes of the same connection, cut into messages: a type of one character, a length of four bytes that counts itself, and the rest. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0);
  #first: boolean;

  /** What a client sends begins with a message that has no type. */
  constructor(side: "client" | "server") {
    this.#first = side === "client";
  }

  /** The messages that are whole now, each with its head; what is left is kept for the next bytes. */
  read(bytes: Buffer): Buffer[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: Buffer[] = [];
    let at = 0;
    for (;;) {
      const head = this.#first ? 0 : 1;
      if (all.length - at < head + 4) break;
      const end = at + head + all.readInt32BE(at + head);
      if (all.length < end) break;
      messages.push(all.subarray(at, end));
      // A request for encryption is answered with one byte and followed by the real beginning; pg asks for it only if it is configured to.
      this.#first = false;
      at = end;
    }
    this.#rest = at === all.length ? Buffer.alloc(0) : all.subarray(at);
    return messages;
  }
}

/** Returns the type of a PostgreSQL protocol message, its first byte. */
export function typeOf(message: Buffer): string {
  return String.fromCharCode(message[0] ?? 0);
}

/** The text that ends with a zero, from a position on. */
function textAt(message: Buffer, at: number): string {
  return message.toString("utf8", at, message.indexOf(0, at));
}

/** One statement of a client. */
export interface Unit {
  readonly text: string;
  /** Its messages up to a sync, so that the server responds to it alone. */
  readonly bytes: Buffer;
  /** The sync is not the client's own: it may send other statements before its own. */
  readonly isPart: boolean;
}

const sync = Buffer.from([0x53, 0, 0, 0, 4]);

/**
 * Puts the messages of a client together to statements. Several of them may share a sync, and each is a unit all the same. Keeps what was prepared under
 * which name, as the server does.
 */
export class UnitReader {
  readonly #prepared = new Map<string, string>();
  #messages: Buffer[] = [];
  #text = "";

  /** A unit that this message completes, the sync of the units before it, the message alone where it belongs to none, or nothing yet. */
  read(message: Buffer): Unit | "sync" | Buffer | undefined {
    const type = typeOf(message);
    if (type === "Q") return { text: textAt(message, 5), bytes: message, isPart: false };
    if (type === "S" && this.#messages.length === 0) return "sync";
    if (type === "P") {
      const name = textAt(message, 5);
      const text = textAt(message, 5 + Buffer.byteLength(name) + 1);
      this.#prepared.set(name, text);
      this.#text = text;
    } else if (type === "B") {
      const portal = textAt(message, 5);
      this.#text = this.#prepared.get(textAt(message, 5 + Buffer.byteLength(portal) + 1)) ?? this.#text;
    } else if (type !== "D" && type !== "E" && type !== "C" && type !== "S" && type !== "H") return message;
    this.#messages.push(message);
    if (type !== "S" && type !== "E") return undefined;
    const isPart = type === "E";
    const unit = { text: this.#text, bytes: Buffer.concat(isPart ? [...this.#messages, sync] : this.#messages), isPart };
    this.#messages = [];
    this.#text = "";
    return unit;
  }
}

/** The word of a command tag in a response, or `error` and its SQLSTATE: for the journal of a run. */
export function outcomeOf(messages: readonly Buffer[]): string {
  const failed = messages.find((message) => typeOf(message) === "E");
  if (failed !== undefined) return `error ${fieldOf(failed, "C")}`;
  const complete = messages.findLast((message) => typeOf(message) === "C");
  return complete === undefined ? "" : textAt(complete, 5);
}

function fieldOf(message: Buffer, code: string): string {
  for (let at = 5; at < message.length && message[at] !== 0; ) {
    const value = textAt(message, at + 1);
    if (message[at] === code.charCodeAt(0)) return value;
    at += 1 + Buffer.byteLength(value) + 1;
  }
  return "";
}

/** A simple query. */
export function queryMessage(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5, "Q");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
