import { limits } from "../../core/limits.ts";

/** What is read of a response of a browser before anything is verified. */
export interface ReadResponse {
  readonly id: string;
  readonly challenge: string;
  readonly userHandle: string | undefined;
  readonly attestation: Buffer | undefined;
}

/** Reads a response; a text says what is wrong with it. The rest is read where it is verified. */
export function readResponse(response: unknown): ReadResponse | string {
  if (!isObject(response) || !isObject(response.response)) return "the response is no object of a passkey";
  const { id, response: parts } = response;
  if (typeof id !== "string" || id === "" || id.length > limits.passkeyIdChars) return "the id is no text of the right length";
  const { clientDataJSON, userHandle, attestationObject } = parts;
  const client = clientDataOf(clientDataJSON);
  if (!isObject(client) || typeof client.challenge !== "string") return "the client data is not readable";
  // A page that frames the own one could have the user confirm what they do not see.
  if (client.crossOrigin === true) return "the response was made in a frame of a page of another origin";
  if (userHandle !== undefined && userHandle !== null && typeof userHandle !== "string") return "the handle of the user is no text";
  return {
    ...{ id, challenge: client.challenge, userHandle: userHandle || undefined },
    attestation: typeof attestationObject === "string" ? Buffer.from(attestationObject, "base64url") : undefined,
  };
}

function clientDataOf(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
