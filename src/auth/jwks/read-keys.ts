import type { JsonWebKey } from "node:crypto";
import { Fault } from "../../core/fault.ts";
import { limits } from "../../core/limits.ts";
import { publicAlgorithms, type TokenAlgorithm, type VerifyingKey, verifyingKey } from "../keys.ts";

/** A member of a key set, as far as it decides what the key is for. */
interface SetMember {
  readonly kty?: unknown;
  readonly crv?: unknown;
  readonly alg?: unknown;
  readonly use?: unknown;
}

/** What a key is for that does not say it: an RSA key could be for several, and the most common one counts. */
const algorithmOf: Readonly<Record<string, TokenAlgorithm>> = { RSA: "RS256", "EC P-256": "ES256", "OKP Ed25519": "EdDSA" };

/**
 * Reads the keys of a JSON Web Key Set that can verify tokens; all others in it are passed over, as the RFC asks: secrets, keys for encryption, weak keys
 * and those of other algorithms. Returns undefined for what is no set.
 * *Bounds*: the first 100 members count. *Source*: RFC 7517, section 5.
 */
export function readKeys(document: unknown, allowed: readonly TokenAlgorithm[] | undefined): readonly VerifyingKey[] | undefined {
  const members = (document as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(members)) return undefined;
  return members.slice(0, limits.keySetKeys).flatMap((member: unknown) => readKey(member, allowed) ?? []);
}

function readKey(member: unknown, allowed: readonly TokenAlgorithm[] | undefined): VerifyingKey | undefined {
  if (typeof member !== "object" || member === null) return undefined;
  const { kty, crv, alg } = member as SetMember;
  const named = alg === "Ed25519" ? "EdDSA" : (alg ?? algorithmOf[crv === undefined ? `${kty}` : `${kty} ${crv}`]);
  const algorithm = publicAlgorithms.find((known) => known === named);
  if (algorithm === undefined || !(allowed?.includes(algorithm) ?? true)) return undefined;
  try {
    return verifyingKey({ algorithm, publicKey: member as JsonWebKey }, "the key");
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
