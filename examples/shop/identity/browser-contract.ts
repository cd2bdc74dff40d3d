import { action, command, fault, query, rateLimit, secret, signedIn, task } from "plimsoll";
import { oneTimeTokens, sessions } from "plimsoll/auth";
import { z } from "zod";
import { mailer } from "../notifications/mailer.ts";
import { Credentials, NewPassword, PasswordRefused, SecondFactorNeeded, signInBudget, UserNotFound, WrongCredentials } from "./contract.ts";
import { Email, Role } from "./domain.ts";
import { guard, pages } from "./tokens.ts";

/** Keeps browsers signed in, beside the tokens that programs use. */
export const session = sessions({ idle: "30m" });
/** What the links are good for that are mailed to users who have lost their password. */
export const resets = oneTimeTokens("identity.reset-password", { lifetime: "30m" });

const none = z.object({});
const Token = secret(z.string().max(100));
const Tenant = z.string().min(1).max(63);

export const LinkNotValid = fault("link_not_valid", {
  code: "permission_denied",
  message: "The link was used, or is too old. Ask for another.",
});

export const WrongCode = fault("wrong_code", {
  code: "permission_denied",
  message: "The code is wrong, or was used. Wait for the next one and try again.",
});

/** Each request sends a mail: so many may a caller ask for, and so many does one inbox get, whether or not there is an account. */
export const mailRates = () => [
  rateLimit({ per: "address", limit: 10, burst: 10, period: "1m" }),
  rateLimit({ per: ({ tenant, email }: { tenant: string; email: string }) => `${tenant}/${email}`, limit: 5, period: "1h" }),
];

export const enter = action("identity.enter", {
  summary: "Sign a browser in",
  ...{ input: Credentials, output: none, faults: [WrongCredentials, SecondFactorNeeded], access: "public", idempotent: "no" },
  budget: signInBudget,
  uses: { guard },
  http: "POST /v1/browser-sessions",
});

export const leave = command("identity.leave", {
  summary: "Sign the browser out",
  ...{ input: none, output: none, access: "public", idempotent: "natural", budget: "1s", http: "DELETE /v1/browser-sessions/own" },
});

export const whoAmI = query("identity.who-am-i", {
  summary: "Read who is signed in",
  input: none,
  output: z.object({
    ...{ id: z.uuid(), email: Email, emailVerified: z.boolean(), name: z.string(), tenant: Tenant },
    ...{ roles: z.array(Role), secondFactor: z.boolean() },
  }),
  faults: [UserNotFound],
  access: signedIn(),
  budget: "1s",
  http: "GET /v1/browser-sessions/own",
});

export const askForReset = action("identity.ask-for-reset", {
  summary: "Have a link mailed with which you set a new password",
  ...{ input: z.object({ tenant: Tenant, email: Email }), output: none, access: "public", idempotent: "natural" },
  budget: { deadline: "1s", rate: mailRates() },
  http: { route: "POST /v1/password-resets", status: 202 },
});

export const resetPassword = action("identity.reset-password", {
  summary: "Set a new password with the link that was mailed to you",
  input: z.object({ tenant: Tenant, token: Token, password: NewPassword }),
  ...{ output: none, faults: [LinkNotValid, PasswordRefused], access: "public", idempotent: "no" },
  budget: { deadline: "5s", concurrency: 4 },
  http: "POST /v1/password-resets/redeem",
});

/** Mails the link, if there is such a user and the address is verified: whether there is one is not to be seen in a reply. */
export const mailReset = task("identity.mail-reset", {
  ...{ input: z.object({ email: Email }), queue: "mail", budget: "30s", uses: { mailer, pages } },
});

export const beginSecondFactor = command("identity.begin-second-factor", {
  summary: "Get the secret for an authenticator app",
  ...{ input: none, output: z.object({ secret: secret(z.string()), uri: secret(z.string()) }), faults: [UserNotFound] },
  ...{ access: signedIn(), idempotent: "natural", budget: "1s", http: "POST /v1/second-factor" },
});

export const confirmSecondFactor = action("identity.confirm-second-factor", {
  summary: "Turn the second factor on with a first code, and get recovery codes",
  ...{ input: z.object({ code: secret(z.string().max(20)) }), output: z.object({ recoveryCodes: z.array(secret(z.string())) }) },
  ...{ faults: [WrongCode], access: signedIn(), idempotent: "no", budget: "5s", uses: { guard }, http: "POST /v1/second-factor/confirm" },
});
