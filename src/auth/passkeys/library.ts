import { Fault } from "../../core/fault.ts";
import { messageOf } from "../../core/value/thrown.ts";

/** What verifies passkeys: a package of its own, which is loaded by the first of them. */
export type Library = typeof import("@simplewebauthn/server") &
  Pick<typeof import("@simplewebauthn/server/helpers"), "decodeAttestationObject">;

/** Loads the package. *Faults thrown*: `failed_precondition` as `simplewebauthn_not_installed`. */
export async function loadLibrary(): Promise<Library> {
  try {
    const [server, { decodeAttestationObject }] = await Promise.all([
      import("@simplewebauthn/server"),
      import("@simplewebauthn/server/helpers"),
    ]);
    return { ...server, decodeAttestationObject };
  } catch (error) {
    throw new Fault({
      code: "failed_precondition",
      type: "simplewebauthn_not_installed",
      message: `passkeys() needs the package @simplewebauthn/server, and it cannot be loaded: ${messageOf(error)}. Run: npm install @simplewebauthn/server`,
      cause: error,
    });
  }
}
