import { forged, problemOfText, secondsOf, type WebhookScheme } from "../scheme.ts";
import { decodeAll, matches } from "../signature.ts";

/** What {@link hmac} takes. */
export interface HmacSpec {
  /** The header with the signature, as in `X-Signature`. */
  readonly header: string;
  /** What stands before the signature, as in `sha256=`. *Default*: nothing. */
  readonly prefix?: string;
  /** *Default*: `sha256`. */
  readonly algorithm?: "sha256" | "sha512";
  /** *Default*: `hex`. */
  readonly encoding?: "hex" | "base64";
  /** The header with the time of the signature in seconds since 1970, which is signed before the body with a dot between. *Default*: only the body is signed. */
  readonly timestamp?: string;
  /** The header with the id of the message. It is signed by no sender of this scheme. *Default*: a hash of the body is the id. */
  readonly id?: string;
}

/**
 * Makes the scheme of a sender that has one of its own: an HMAC in a header, over the body, or over a time and the body.
 * @example scheme: hmac({ header: "X-Signature", timestamp: "X-Time" })
 */
export function hmac({ header, prefix = "", algorithm = "sha256", encoding = "hex", timestamp, id }: HmacSpec): WebhookScheme {
  const headers = { signature: header, ...(timestamp !== undefined && { time: timestamp }), ...(id !== undefined && { id }) };
  return {
    name: `HMAC in ${header}`,
    headers,
    problemOf: problemOfText,
    verify: ({ headers: { signature = "", time, id: shownId }, body, secrets }) => {
      const signedAtMs = secondsOf(time);
      if (!signature.startsWith(prefix) || (timestamp !== undefined && signedAtMs === undefined)) return forged;
      const shown = decodeAll([signature.slice(prefix.length)], encoding);
      const signed = timestamp === undefined ? [body] : [`${time}.`, body];
      return matches(shown, { algorithm, signed, keys: secrets }) ? { isGenuine: true, id: shownId, signedAtMs } : forged;
    },
  };
}
