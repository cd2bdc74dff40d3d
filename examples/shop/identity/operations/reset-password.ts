import { command, implement, query, secret } from "plimsoll";
import { hashPassword } from "plimsoll/auth";
import { z } from "zod";
import { system } from "../../access.ts";
import * as browser from "../browser-contract.ts";
import { PasswordRefused } from "../contract.ts";
import { Email, passwords } from "../domain.ts";

const { resets, session } = browser;
const Token = z.object({ token: secret(z.string()) });
const Issued = Token.extend({ name: z.string() });
const internal = { idempotent: "natural", budget: "1s" } as const;

/** Internal: in the tenant that the caller names. */
export const startReset = command("identity.start-reset", {
  ...{ ...internal, input: z.object({ email: Email }), output: z.object({}), access: "public" },
  run: async (input, { start }) => start(browser.mailReset, input).then(() => ({})),
});

export const askForReset = implement(browser.askForReset, ({ tenant, email }, { call }) => call(startReset, { email }, { tenant }));

/** Internal: issued where it is mailed, so that no input of a task keeps it. */
export const issueReset = command("identity.issue-reset", {
  ...{ ...internal, input: z.object({ email: Email }), output: Issued.nullable(), access: system },
  async run({ email }, scope) {
    const user = await scope.sql<{ readonly id: string; readonly name: string }>`
      select id, name from identity.users where email = ${email} and email_verified`.maybe();
    return user ? { name: user.name, token: await resets.issue(scope, { subject: user.id }) } : null;
  },
});

export const mailReset = implement(browser.mailReset, async ({ email }, { call, mailer, pages, tenant = "", key, signal }) => {
  const issued = await call(issueReset, { email });
  if (issued === null) return;
  // Behind the hash: browsers send it to no server.
  const link = `${pages.origin}/sign-in#${new URLSearchParams({ tenant, token: issued.token })}`;
  const text = `Hello ${issued.name},\n\nset a new password within half an hour:\n\n${link}\n\nIf you did not ask for it, do nothing.\n`;
  await mailer.send({ to: { name: issued.name, email }, subject: "Set a new password", text }, { key, signal });
});

/** Internal: whose link it is, before a password is hashed for it. */
export const findReset = query("identity.find-reset", {
  ...{ input: Token, output: z.object({ email: z.string(), name: z.string() }).nullable(), access: "public", budget: "1s" },
  async run({ token }, scope) {
    const holder = await resets.find(scope, token);
    if (holder === undefined) return null;
    return (
      (await scope.sql<{ readonly email: string; readonly name: string }>`
        select email, name from identity.users where id = ${holder.subject}`.maybe()) ?? null
    );
  },
});

/** Internal: uses the link. Who had found the old password is signed out everywhere, and the passkeys go, of which one may be theirs. */
export const storeReset = command("identity.store-reset", {
  ...{ ...internal, input: Token.extend({ passwordHash: secret(z.string()) }), output: z.object({}), access: "public" },
  faults: [browser.LinkNotValid],
  async run({ token, passwordHash }, scope) {
    const { subject } = (await resets.redeem(scope, token)) ?? scope.fail(browser.LinkNotValid, {});
    await scope.sql`update identity.users set password_hash = ${passwordHash} where id = ${subject}`.run();
    await scope.sql`delete from identity.passkeys where user_id = ${subject}`.run();
    await session.endAllOf(scope, subject);
    return {};
  },
});

export const resetPassword = implement(browser.resetPassword, async ({ tenant, token, password }, { call, fail, signal }) => {
  const user = (await call(findReset, { token }, { tenant })) ?? fail(browser.LinkNotValid, {});
  const problem = await passwords.problemOf(password, { not: [user.email, user.name], signal });
  if (problem !== undefined) fail(PasswordRefused, { problem });
  return call(storeReset, { token, passwordHash: await hashPassword(password, { signal }) }, { tenant });
});
