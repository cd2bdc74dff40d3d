import { createHash } from "node:crypto";
import { Fault } from "../../core/fault.ts";

/** What a client asks of a WebSocket in the head of its request. */
export interface Handshake {
  readonly key: string;
  /** The subprotocols that it offers, in its order. */
  readonly protocols: readonly string[];
}

/** The head of a request, as far as a handshake needs it. */
export interface HandshakeHead {
  readonly method: string;
  /** Whether the request is HTTP/1.1. */
  readonly isCurrent: boolean;
  /** Names and values in turn. */
  readonly lines: readonly string[];
}

const token = /^[\w!#$%&'*+.^`|~-]+$/;
const sent = ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol"] as const;

/** Reads a handshake, or returns the fault of what is not one. *Source*: RFC 6455 §4.2.1; §4.4 for versions. */
export function readHandshake({ method, isCurrent, lines }: HandshakeHead): Handshake | Fault {
  const of = valuesIn(lines);
  if (method !== "GET" || !isCurrent) return refused("The request must be a GET of HTTP/1.1");
  if (!listOf(of("upgrade")).some((item) => item.toLowerCase() === "websocket")) return upgradeRequired();
  if (!listOf(of("connection")).some((item) => item.toLowerCase() === "upgrade")) return refused("Connection must have the token Upgrade");
  const wrong = readCommon(of);
  if (wrong !== undefined) return wrong;
  const keys = of("sec-websocket-key");
  const key = keys[0]?.trim() ?? "";
  if (keys.length !== 1 || !isKey(key)) return refused("Sec-WebSocket-Key must be 16 bytes in base64, once");
  return { key, protocols: listOf(of("sec-websocket-protocol")) };
}

/** What a library that reads frames wants to see of a handshake in which there is no key. */
const noKey = Buffer.alloc(16).toString("base64");

/**
 * Reads the handshake of a stream of HTTP/2, or returns the fault of what is not one. `isOpen`: it is a CONNECT of the protocol `websocket`, and its client has
 * not ended it. It has neither `Upgrade` nor a key. *Source*: RFC 8441 §5.
 */
export function readStreamHandshake({ isOpen, lines }: { readonly isOpen: boolean; readonly lines: readonly string[] }): Handshake | Fault {
  const values = valuesIn(lines);
  if (!isOpen) return refused("Over HTTP/2 it must be a CONNECT with :protocol websocket (RFC 8441), whose stream stays open");
  return readCommon(values) ?? { key: noKey, protocols: listOf(values("sec-websocket-protocol")) };
}

/** What is wrong with what handshakes of all versions have. */
function readCommon(values: Values): Fault | undefined {
  const versions = values("sec-websocket-version");
  if (versions.length !== 1 || versions[0]?.trim() !== "13") return upgradeRequired();
  const protocols = listOf(values("sec-websocket-protocol"));
  if (protocols.some((protocol) => !token.test(protocol)) || new Set(protocols).size < protocols.length)
    return refused("Sec-WebSocket-Protocol must be a list of different tokens");
  return undefined;
}

type Values = (name: (typeof sent)[number]) => readonly string[];

function valuesIn(lines: readonly string[]): Values {
  const values = new Map<string, string[]>(sent.map((name) => [name, []]));
  for (let i = 0; i < lines.length; i += 2) values.get((lines[i] as string).toLowerCase())?.push(lines[i + 1] as string);
  return (name) => values.get(name) ?? [];
}

/** The proof that a server has read a key. *Source*: RFC 6455 §4.2.2, step 5.4. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** Whether a text is 16 bytes in canonical base64. */
function isKey(key: string): boolean {
  const bytes = Buffer.from(key, "base64");
  return bytes.length === 16 && bytes.toString("base64") === key;
}

/** The items of a header that may come in several lines. */
function listOf(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => value.split(",").map((item) => item.trim())).filter((item) => item !== "");
}

const refused = (why: string): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "websocket_handshake_invalid",
    message: `The request is not a handshake of a WebSocket: ${why}. Use a client that follows RFC 6455.`,
  });

/** 426: the path speaks WebSocket of version 13, and the request does not. */
export const upgradeRequired = (): Fault =>
  new Fault({
    code: "invalid_argument",
    type: "websocket_required",
    status: 426,
    message: "This path speaks WebSocket, version 13. Connect with a WebSocket client, such as new WebSocket(url) in a browser.",
  });
