import { command, implement, secret } from "plimsoll";
import { z } from "zod";
import { system } from "../../access.ts";
import { LinkNotValid } from "../browser-contract.ts";
import * as contract from "./contract.ts";

const { verifications } = contract;
const Token = z.object({ token: secret(z.string()) });
const internal = { idempotent: "natural", budget: "1s" } as const;

export const askToVerify = implement(contract.askToVerify, async (_, { actor, start }) =>
  start(contract.mailVerification, { userId: actor.id }).then(() => ({})),
);

/** Internal: the address stands in the token, so that a link verifies no other one. */
export const issueVerification = command("identity.issue-verification", {
  ...{ ...internal, input: z.object({ userId: z.uuid() }), access: system },
  output: Token.extend({ email: z.string(), name: z.string() }).nullable(),
  async run({ userId }, scope) {
    const user = await scope.sql<{ readonly email: string; readonly name: string }>`
      select email, name from identity.users where id = ${userId} and not email_verified`.maybe();
    return user ? { ...user, token: await verifications.issue(scope, { subject: userId, data: { email: user.email } }) } : null;
  },
});

export const mailVerification = implement(contract.mailVerification, async (input, { call, mailer, pages, tenant = "", key, signal }) => {
  const issued = await call(issueVerification, input);
  if (issued === null) return;
  const { email, name, token } = issued;
  const link = `${pages.origin}/sign-in#${new URLSearchParams({ tenant, verify: token })}`;
  const text = `Hello ${name},\n\nverify within an hour that this is your address:\n\n${link}\n\nIf you did not ask for it, do nothing.\n`;
  await mailer.send({ to: { name, email }, subject: "Verify your address", text }, { key, signal });
});

/** Internal: uses the link. */
export const storeVerified = command("identity.store-verified", {
  ...{ ...internal, input: Token, output: z.object({}), faults: [LinkNotValid], access: "public" },
  async run({ token }, scope) {
    const { subject, data } = (await verifications.redeem(scope, token)) ?? scope.fail(LinkNotValid, {});
    const verified = await scope.sql`
      update identity.users set email_verified = true, version = version + 1
      where id = ${subject} and email = ${String(data.email)}`.run();
    return verified === 1 ? {} : scope.fail(LinkNotValid, {});
  },
});

export const verifyEmail = implement(contract.verifyEmail, ({ tenant, token }, { call }) => call(storeVerified, { token }, { tenant }));
