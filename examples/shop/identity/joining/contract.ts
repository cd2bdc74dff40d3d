import { action, command, fault, query, rateLimit, role, secret, signedIn, task } from "plimsoll";
import { oneTimeTokens } from "plimsoll/auth";
import { z } from "zod";
import { mailer } from "../../notifications/mailer.ts";
import { pageInput, pageOf } from "../../paging.ts";
import { LinkNotValid, mailRates } from "../browser-contract.ts";
import { EmailTaken, NewPassword, PasswordRefused, UserNotFound } from "../contract.ts";
import { Email, Role, UserFacts } from "../domain.ts";
import { pages } from "../tokens.ts";

/** The link of an invitation: its subject is the invitation, so that a sign-up for the same address ends none. */
export const invitationLinks = oneTimeTokens("identity.invitation", { lifetime: "3d" });
/** The link of a sign-up. Several are good at once: a stranger who asks for another must not end the one that its reader has. */
export const signUpLinks = oneTimeTokens("identity.sign-up", { lifetime: "1h", open: 5 });
/** The link that verifies the address of an account. */
export const verifications = oneTimeTokens("identity.verify-email", { lifetime: "1h" });

const none = z.object({});
const Token = secret(z.string().max(100));
const Tenant = z.string().min(1).max(63);

/** An invitation that is open. */
export const Invitation = z.object({
  id: z.uuid(),
  email: Email,
  roles: z.array(Role),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});

export const InvitationNotFound = fault("invitation_not_found", {
  code: "not_found",
  message: "There is no such invitation: it was used, was revoked, or has expired.",
});

export const invite = command("identity.invite", {
  summary: "Invite an address with roles; a second invitation replaces the first",
  input: z.object({ email: Email, roles: z.array(Role).min(1).max(2).default(["customer"]) }),
  ...{ output: Invitation, faults: [EmailTaken, UserNotFound], access: role("administrator"), idempotent: "no" },
  // Each sends a mail.
  budget: { deadline: "1s", rate: rateLimit({ per: "tenant", limit: 100, burst: 50, period: "1h" }) },
  http: { route: "POST /v1/invitations", status: 201 },
});

export const listInvitations = query("identity.list-invitations", {
  summary: "List the open invitations by e-mail address",
  ...{ input: z.object(pageInput), output: pageOf(Invitation), access: role("administrator"), budget: "1s" },
  http: "GET /v1/invitations",
});

export const revokeInvitation = command("identity.revoke-invitation", {
  summary: "Revoke an invitation: its link is good no more",
  ...{ input: z.object({ invitationId: z.uuid() }), output: none, faults: [InvitationNotFound], access: role("administrator") },
  ...{ idempotent: "natural", budget: "1s", http: "DELETE /v1/invitations/{invitationId}" },
});

/** Mails the link of an invitation, unless it was revoked. */
export const mailInvitation = task("identity.mail-invitation", {
  ...{ input: z.object({ invitationId: z.uuid() }), queue: "mail", budget: "30s", uses: { mailer, pages } },
});

export const signUp = action("identity.sign-up", {
  summary: "Have a link mailed with which you make an account",
  ...{ input: z.object({ tenant: Tenant, email: Email }), output: none, access: "public", idempotent: "natural" },
  budget: { deadline: "1s", rate: mailRates() },
  http: { route: "POST /v1/sign-ups", status: 202 },
});

/** Mails the link or, to who has an account, how to sign in: which of them is not to be seen in a reply. */
export const mailSignUp = task("identity.mail-sign-up", {
  ...{ input: z.object({ email: Email }), queue: "mail", budget: "30s", uses: { mailer, pages } },
});

export const join = action("identity.join", {
  summary: "Make an account with the link that was mailed to you, by a sign-up or an invitation",
  input: z.object({ tenant: Tenant, token: Token, name: UserFacts.shape.name, password: NewPassword }),
  output: z.object({ email: Email }),
  ...{ faults: [LinkNotValid, EmailTaken, PasswordRefused], access: "public", idempotent: "no" },
  budget: { deadline: "5s", concurrency: 4 },
  http: { route: "POST /v1/accounts", status: 201 },
});

export const askToVerify = command("identity.ask-to-verify", {
  summary: "Have a link mailed that verifies your e-mail address",
  ...{ input: none, output: none, access: signedIn(), idempotent: "natural" },
  budget: { deadline: "1s", rate: rateLimit({ per: "actor", limit: 5, period: "1h" }) },
  http: { route: "POST /v1/email-verifications", status: 202 },
});

/** Mails the link, unless the address is verified. */
export const mailVerification = task("identity.mail-verification", {
  ...{ input: z.object({ userId: z.uuid() }), queue: "mail", budget: "30s", uses: { mailer, pages } },
});

export const verifyEmail = action("identity.verify-email", {
  summary: "Verify your e-mail address with the link that was mailed to you",
  ...{ input: z.object({ tenant: Tenant, token: Token }), output: none, faults: [LinkNotValid], access: "public", idempotent: "no" },
  ...{ budget: "1s", http: "POST /v1/email-verifications/redeem" },
});
