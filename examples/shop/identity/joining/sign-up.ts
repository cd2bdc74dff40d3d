import { command, implement, query, secret } from "plimsoll";
import { hashPassword } from "plimsoll/auth";
import { z } from "zod";
import { system } from "../../access.ts";
import { LinkNotValid } from "../browser-contract.ts";
import { EmailTaken, PasswordRefused } from "../contract.ts";
import { Email, passwords, UserFacts } from "../domain.ts";
import * as contract from "./contract.ts";

const { invitationLinks, signUpLinks } = contract;
const Token = z.object({ token: secret(z.string()) });
const internal = { idempotent: "natural", budget: "1s" } as const;

/** Internal: in the tenant that the caller names. */
export const startSignUp = command("identity.start-sign-up", {
  ...{ ...internal, input: z.object({ email: Email }), output: z.object({}), access: "public" },
  run: async (input, { start }) => start(contract.mailSignUp, input).then(() => ({})),
});

export const signUp = implement(contract.signUp, ({ tenant, email }, { call }) => call(startSignUp, { email }, { tenant }));

const Issued = z.object({ shop: z.string(), token: secret(z.string()).optional() });

/** Internal: a token for who has no account yet. Nothing is kept of a sign-up but the hash of it: who has not shown that the address is theirs has no account. */
export const issueSignUp = command("identity.issue-sign-up", {
  ...{ ...internal, input: z.object({ email: Email }), output: Issued.nullable(), access: system },
  async run({ email }, scope) {
    const { sql } = scope;
    const tenant = await sql<{ readonly shop: string }>`select name as shop from identity.tenants`.maybe();
    if (tenant === undefined) return null;
    const hasAccount = await sql`select from identity.users where email = ${email}`.exists();
    return hasAccount ? tenant : { ...tenant, token: await signUpLinks.issue(scope, { subject: email }) };
  },
});

export const mailSignUp = implement(contract.mailSignUp, async ({ email }, { call, mailer, pages, tenant = "", key, signal }) => {
  const issued = await call(issueSignUp, { email });
  if (issued === null) return;
  const { shop, token } = issued;
  const link = `${pages.origin}/sign-in${token === undefined ? "" : `#${new URLSearchParams({ tenant, join: token })}`}`;
  const what =
    token === undefined
      ? `you have an account at ${shop} already. Sign in, or have the password reset:`
      : `make your account at ${shop} within an hour:`;
  const text = `Hello,\n\n${what}\n\n${link}\n\nIf you did not ask for it, do nothing.\n`;
  await mailer.send({ to: { name: email, email }, subject: `Your account at ${shop}`, text }, { key, signal });
});

/** Internal: for which address a link is, before a password is hashed for it. */
export const findJoining = query("identity.find-joining", {
  ...{ input: Token, output: z.object({ email: z.string() }).nullable(), access: "public", budget: "1s" },
  async run({ token }, scope) {
    const signedUp = await signUpLinks.find(scope, token);
    if (signedUp !== undefined) return { email: signedUp.subject };
    const invited = await invitationLinks.find(scope, token);
    if (invited === undefined) return null;
    return (
      (await scope.sql<{ readonly email: string }>`
        select email from identity.invitations where id = ${invited.subject} and expires_at > plimsoll.now()`.maybe()) ?? null
    );
  },
});

interface Joining {
  readonly email: string;
  readonly roles: readonly string[];
}

/** Internal: uses the link, which was mailed to the address: so the address is verified. */
export const storeJoined = command("identity.store-joined", {
  ...{ ...internal, input: Token.extend({ name: UserFacts.shape.name, passwordHash: secret(z.string()) }), access: "public" },
  ...{ output: z.object({ email: Email }), faults: [LinkNotValid, EmailTaken] },
  async run({ token, name, passwordHash }, scope) {
    const { sql, newId, fail } = scope;
    const signedUp = await signUpLinks.redeem(scope, token);
    const invited = signedUp ?? (await invitationLinks.redeem(scope, token)) ?? fail(LinkNotValid, {});
    const { email, roles }: Joining = signedUp
      ? { email: signedUp.subject, roles: ["customer"] }
      : ((await sql<Joining>`
          delete from identity.invitations where id = ${invited.subject} and expires_at > plimsoll.now()
          returning email, roles`.maybe()) ?? fail(LinkNotValid, {}));
    const made = await sql`
      insert into identity.users (id, email, name, roles, password_hash, email_verified)
      values (${newId()}, ${email}, ${name}, ${roles}, ${passwordHash}, true)
      on conflict (tenant_id, email) do nothing`.run();
    if (made === 0) fail(EmailTaken, {});
    await signUpLinks.endAllOf(scope, email);
    return { email };
  },
});

export const join = implement(contract.join, async ({ tenant, token, name, password }, { call, fail, signal }) => {
  const { email } = (await call(findJoining, { token }, { tenant })) ?? fail(LinkNotValid, {});
  const problem = await passwords.problemOf(password, { not: [email, name], signal });
  if (problem !== undefined) fail(PasswordRefused, { problem });
  return call(storeJoined, { token, name, passwordHash: await hashPassword(password, { signal }) }, { tenant });
});
