import { createHash } from "node:crypto";
import type { MethodShape } from "./methods.ts";
import type { MessageShape, PropertyShape, TypeShape } from "./shape.ts";

const digits = 16;

/** What a caller relies on beside the messages: what a second run of a call does, and the codes of faults by their types. */
export interface FingerprintTerms {
  readonly repeatable: string;
  readonly faults: Iterable<readonly [string, { readonly code: string }]>;
}

/**
 * Makes the fingerprint of a method: that of two methods is the same if and only if their messages have the same bytes for the same values, and callers may rely
 * on the same of both.
 */
export function fingerprintOf(
  { request, response, serverStreams }: Pick<MethodShape, "request" | "response" | "serverStreams">,
  { repeatable, faults }: FingerprintTerms,
): string {
  const codes = [...faults].map(([type, { code }]) => `${type} ${code}`).toSorted();
  return createHash("sha256")
    .update(
      JSON.stringify([plain(request, new Map()), plain(response, new Map()), repeatable, codes, ...(serverStreams ? ["streams"] : [])]),
    )
    .digest("hex")
    .slice(0, digits);
}

/** A message inside itself is its place in the order in which messages were met. */
function plain(message: MessageShape, met: Map<MessageShape, number>): unknown {
  const at = met.get(message);
  if (at !== undefined) return at;
  met.set(message, met.size);
  const { isWrapper, implied = null, properties } = message;
  return [isWrapper, implied, properties.map((property) => plainProperty(property, met))];
}

function plainProperty({ property, absent, oneof, tag = "", members }: PropertyShape, met: Map<MessageShape, number>): unknown {
  const each = members.map(({ number, label, takes, explicit, tagValue = null, type }) => [
    ...[number, label, takes, explicit, tagValue],
    plainType(type, met),
  ]);
  return [property, absent, oneof !== undefined, tag, each];
}

function plainType(type: TypeShape, met: Map<MessageShape, number>): unknown {
  switch (type.is) {
    case "scalar":
      return type.scalar;
    case "enum":
      return type.enum.values.map(({ text, number }) => [text, number]);
    case "message":
      return plain(type.message, met);
    default:
      return type.is;
  }
}
