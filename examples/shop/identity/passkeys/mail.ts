import { implement, query } from "plimsoll";
import { z } from "zod";
import { system } from "../../access.ts";
import { mailPasskeyChange } from "./contract.ts";

const Holder = z.object({ name: z.string(), email: z.string() });

/** Internal: only a verified address is mailed, so that no other inbox is filled. */
export const findPasskeyHolder = query("identity.find-passkey-holder", {
  ...{ input: z.object({ userId: z.uuid() }), output: Holder.nullable(), access: system, budget: "1s" },
  run: async ({ userId }, { sql }) =>
    (await sql(Holder)`select name, email from identity.users where id = ${userId} and email_verified`.maybe()) ?? null,
});

export const sendPasskeyChange = implement(mailPasskeyChange, async ({ userId, change }, { call, mailer, pages, key, signal }) => {
  const holder = await call(findPasskeyHolder, { userId });
  if (holder === null) return;
  // The name of the passkey is not in it: an attacker who added it has chosen the name, and could write to the user in ours.
  const text = `Hello ${holder.name},

a passkey was ${change}. A passkey signs you in without your password.

If that was you, do nothing. If not, ask for a new password here: it signs you out everywhere and removes all passkeys.

${pages.origin}/sign-in
`;
  await mailer.send({ to: holder, subject: `A passkey was ${change}`, text }, { key, signal });
});
