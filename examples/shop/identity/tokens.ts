import { resource } from "plimsoll";
import { type JwtIssuer, signInGuard } from "plimsoll/auth";

/** Signs the tokens of sessions; the composition root provides it, together with the key that verifies them. */
export const tokens = resource<JwtIssuer>("identity.tokens");

/** Limits failed sign-ins; the composition root replaces it by one that knows devices again. */
export const guard = signInGuard("identity.sign-in");

/** Where browsers find the pages of the shop: links in mail begin with it. */
export const pages = resource<{ readonly origin: string }>("identity.pages");
