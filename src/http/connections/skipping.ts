import type { Socket } from "node:net";
import type { RequestHeaders } from "../request-headers.ts";

// A parser of node:http calls what stands in its numbered places, and passes over a part of a request for which nothing stands there. What it would
// call, it calls for each part of one read before anything else runs: ten thousand times where a body comes in chunks of a byte.
type Parser = Record<number, unknown>;
type Part = "parserOnHeaders" | "parserOnHeadersComplete" | "parserOnBody" | "parserOnMessageComplete";

const everything: readonly Part[] = ["parserOnHeaders", "parserOnHeadersComplete", "parserOnBody", "parserOnMessageComplete"];
const body: readonly Part[] = ["parserOnBody"];
const places = new Map<string, number>();
const skipped = new WeakMap<Socket, Map<number, unknown>>();

/** Passes over what is left of the body that is coming. *Guarantees*: {@link readAgain} is called before the next request comes. */
export function skipBody(socket: Socket): void {
  skip(socket, body);
}

/** Passes over all that still comes: the connection is about to end. */
export function skipRest(socket: Socket): void {
  skip(socket, everything);
}

/**
 * Reads what still comes without a parser, drops it, and calls back after each read. *Guarantees*: nothing of the connection is parsed any more but what
 * has been read by now.
 */
export function dropRest(socket: Socket, call: () => void): void {
  const readers = socket.listeners("data") as (() => void)[];
  // With a listener of ours node:http takes the connection back from its parser.
  socket.on("data", call);
  for (const reader of readers) socket.off("data", reader);
}

/** Reads again what comes from now on. A parser is used again for other connections: it must be called before this one is closed. */
export function readAgain(socket: Socket): void {
  const taken = skipped.get(socket);
  const parser = parserOf(socket);
  if (taken === undefined || parser === undefined) return;
  skipped.delete(socket);
  for (const [place, call] of taken) parser[place] = call;
}

/** Whether this Node.js has parsers of which parts can be passed over; without, they are read and dropped, which takes longer. */
export function canSkip(socket: Socket): boolean {
  const parser = parserOf(socket);
  return parser !== undefined && everything.every((part) => placeOf(parser, part) !== undefined);
}

/** Calls back after each read of a connection from which a parser of node:http reads itself. *Guarantees*: says whether it does; if not, nothing is called. */
export function afterEachRead(socket: Socket, call: () => void): boolean {
  const parser = parserOf(socket);
  const place = parser && placeOf(parser, "bound onParserExecute");
  if (parser === undefined || place === undefined) return false;
  const original = parser[place];
  if (typeof original !== "function") return false;
  parser[place] = (read: unknown) => {
    original(read);
    call();
  };
  return true;
}

function skip(socket: Socket, parts: readonly Part[]): void {
  const parser = parserOf(socket);
  if (parser === undefined || !canSkip(socket)) return;
  const taken = skipped.get(socket) ?? new Map<number, unknown>();
  skipped.set(socket, taken);
  for (const part of parts) {
    const place = placeOf(parser, part)!;
    if (taken.has(place)) continue;
    taken.set(place, parser[place]);
    parser[place] = undefined;
  }
}

function parserOf(socket: Socket): Parser | undefined {
  return (socket as unknown as { readonly parser?: Parser | null }).parser ?? undefined;
}

/** Node.js does not say which place is for what, but the functions that stand there have names. */
function placeOf(parser: Parser, part: Part | "bound onParserExecute"): number | undefined {
  let place = places.get(part);
  if (place !== undefined) return place;
  const found = Object.keys(parser).find((key) => (parser[Number(key)] as { readonly name?: string } | undefined)?.name === part);
  if (found === undefined) return undefined;
  place = Number(found);
  places.set(part, place);
  return place;
}

/** An unread body up to this is read and dropped to keep the connection: cheaper for both sides than a new one. */
const discardedBytes = 65_536;

/** Whether a body that is not read is too long, or of too uncertain a length, to be dropped. */
export function isLong({ chunked, contentBytes, expectsContinue }: RequestHeaders): boolean {
  return chunked || (contentBytes !== undefined && (contentBytes > discardedBytes || expectsContinue));
}
