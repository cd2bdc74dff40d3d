import { action, command, fault, query, rateLimit, signedIn, task } from "plimsoll";
import { z } from "zod";
import { mailer } from "../../notifications/mailer.ts";
import { pages } from "../tokens.ts";

const none = z.object({});
const Tenant = z.string().min(1).max(63);
/** What the browser gets and what it returns: each is verified where it is used. */
export const Json = z.record(z.string(), z.unknown());

/** A passkey as its user sees it. */
export const Passkey = z.object({
  id: z.uuid(),
  name: z.string(),
  /** Whether it is on all devices of the user. */
  synced: z.boolean(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime().nullable(),
});

/** So many has a user at most. */
export const passkeysMax = 10;

export const PasskeyRefused = fault("passkey_refused", {
  code: "unauthenticated",
  message: "The passkey is refused. Try again, or sign in with your password.",
});

export const PasskeyNotAdded = fault("passkey_not_added", {
  code: "invalid_argument",
  message: "The passkey was not added: it is of another page, was made too long ago, or is there already. Try again.",
});

export const TooManyPasskeys = fault("too_many_passkeys", {
  code: "failed_precondition",
  status: 409,
  message: `You have ${passkeysMax} passkeys. Remove one that you no longer use first.`,
});

export const PasskeyNotFound = fault("passkey_not_found", {
  code: "not_found",
  message: "You have no such passkey.",
});

/** Each keeps a challenge for some minutes, and every caller may ask for one. */
const budget = { deadline: "5s", rate: rateLimit({ per: "address", limit: 60, burst: 30, period: "1m" }) } as const;

export const askToAddPasskey = action("identity.ask-to-add-passkey", {
  summary: "Get what a browser needs to make a passkey",
  ...{ input: none, output: Json, faults: [TooManyPasskeys], access: signedIn(), idempotent: "natural", budget, uses: { pages } },
  http: "POST /v1/passkeys/options",
});

export const addPasskey = action("identity.add-passkey", {
  summary: "Add the passkey that your browser made",
  input: z.object({ name: z.string().trim().min(1).max(100).default("Passkey"), response: Json }),
  ...{ output: Passkey, faults: [PasskeyNotAdded, TooManyPasskeys], access: signedIn(), idempotent: "no", budget, uses: { pages } },
  http: { route: "POST /v1/passkeys", status: 201 },
});

export const listPasskeys = query("identity.list-passkeys", {
  summary: "List your passkeys",
  input: none,
  output: z.object({ items: z.array(Passkey).max(passkeysMax) }),
  ...{ access: signedIn(), budget: "1s", http: "GET /v1/passkeys" },
});

export const removePasskey = command("identity.remove-passkey", {
  summary: "Remove one of your passkeys",
  ...{ input: z.object({ passkeyId: z.uuid() }), output: none, faults: [PasskeyNotFound], access: signedIn() },
  ...{ idempotent: "natural", budget: "1s", http: "DELETE /v1/passkeys/{passkeyId}" },
});

export const askToEnterWithPasskey = action("identity.ask-to-enter-with-passkey", {
  summary: "Get what a browser needs to sign in with a passkey",
  ...{ input: z.object({ tenant: Tenant }), output: Json, access: "public", idempotent: "natural", budget, uses: { pages } },
  http: "POST /v1/browser-sessions/passkey/options",
});

export const enterWithPasskey = action("identity.enter-with-passkey", {
  summary: "Sign a browser in with a passkey",
  ...{ input: z.object({ tenant: Tenant, response: Json }), output: none, faults: [PasskeyRefused], access: "public", idempotent: "no" },
  ...{ budget, uses: { pages }, http: "POST /v1/browser-sessions/passkey" },
});

/** Mails the user that a passkey was added or removed: if it was not the user, nothing else says so. */
export const mailPasskeyChange = task("identity.mail-passkey-change", {
  input: z.object({ userId: z.uuid(), change: z.enum(["added", "removed"]) }),
  ...{ queue: "mail", budget: "30s", uses: { mailer, pages } },
});
