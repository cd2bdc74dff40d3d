import { resource } from "plimsoll";
import type { JwtIssuer } from "plimsoll/auth";

/** Signs the tokens of sessions; the composition root provides it, together with the key that verifies them. */
export const tokens = resource<JwtIssuer>("identity.tokens");
