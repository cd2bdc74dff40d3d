import { createHmac, timingSafeEqual } from "node:crypto";
import { type Actor, type Authenticator, badCredential } from "plimsoll";
import { Fault } from "plimsoll/ports";

/** A toy: `Authorization: Toy <id>:<HMAC of the id>`. */
export function signedHeader(key: string): Authenticator {
  return {
    scheme: "toy",
    document: { type: "http", scheme: "toy" },
    credentialsIn: (header) => (header.startsWith("Toy ") ? header.slice(4) : undefined),
    missing: (needs) => refusal("signature_missing", `This needs ${needs}. Sign your id and send "Authorization: Toy id:signature".`),
    unreadable: () => refusal("signature_invalid", 'Send "Authorization: Toy id:signature".'),
    challenge: ({ type }) => `Toy error="${type}"`,
    authenticate(credentials) {
      const [id = "", signature = ""] = credentials.split(":");
      const [given, right] = [Buffer.from(signature, "hex"), Buffer.from(sign(key, id), "hex")];
      if (given.length !== right.length || !timingSafeEqual(given, right)) return badCredential("The signature is not yours.");
      return actorOf(id);
    },
    remembered: () => undefined,
  };
}

export const sign = (key: string, id: string): string => createHmac("sha256", key).update(id).digest("hex");

const refusal = (type: string, message: string) => new Fault({ code: "unauthenticated", type, message });
const actorOf = (id: string): Actor => ({ id, kind: "user", roles: ["clerk"], tenant: undefined, claims: {} });
