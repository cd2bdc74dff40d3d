import type { ServerSessionOptions } from "node:http2";
import { limits as bounds } from "../../core/limits.ts";
import type { ListenerLimits } from "../connections/listener-limits.ts";
import { windowBytes } from "./request.ts";

/**
 * `:method`, `:scheme`, `:authority` and `:path`; one line more than is allowed, so that there is a response that says so. And each cookie may stand in a line of its
 * own: those of all cookies are one line once they have come, as `headerLines` counts them. *Source*: RFC 9113 §8.2.3.
 */
const beyondLines = 5 + bounds.cookies;

/**
 * What a session of HTTP/2 offers to its client, and what Node.js bounds of it before we see it. `hasWebSockets`: clients may ask for one with an extended
 * `CONNECT`, which is a malformed request otherwise. *Source*: RFC 8441 §3.
 */
export function sessionOptions(
  { streamsPerConnection, headerBytes, headerLines }: ListenerLimits,
  hasWebSockets: boolean,
): ServerSessionOptions {
  return {
    // Twice as large as is allowed: up to there the response says what is wrong, beyond it the stream is reset. RFC 9113 §6.5.2 leaves it so.
    settings: {
      enablePush: false,
      initialWindowSize: windowBytes,
      maxConcurrentStreams: streamsPerConnection,
      maxHeaderListSize: headerBytes * 2,
      ...(hasWebSockets && { enableConnectProtocol: true }),
    },
    maxHeaderListPairs: headerLines + beyondLines,
    maxSessionMemory: bounds.sessionMegabytes,
    maxSessionInvalidFrames: bounds.invalidFrames,
    maxSessionRejectedStreams: bounds.invalidFrames,
    maxOutstandingPings: bounds.unacknowledgedPings,
  };
}
