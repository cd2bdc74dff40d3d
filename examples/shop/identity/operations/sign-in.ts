import { implement, query, secret } from "plimsoll";
import { verifyPassword } from "plimsoll/auth";
import { z } from "zod";
import * as identity from "../contract.ts";
import { Email, Role } from "../domain.ts";

const Credentials = z.object({ id: z.uuid(), roles: z.array(Role), passwordHash: secret(z.string()) });

export const findCredentials = query("identity.find-credentials", {
  input: z.object({ email: Email }),
  output: Credentials.nullable(),
  access: "public",
  budget: "1s",
  run: async ({ email }, { sql }) =>
    (await sql(Credentials)`select id, roles, password_hash from identity.users where email = ${email}`.maybe()) ?? null,
});

export const signIn = implement(identity.signIn, async ({ tenant, email, password }, { call, fail, tokens, signal }) => {
  const user = await call(findCredentials, { email }, { tenant });
  // The same work whether or not the user exists: the time must not reveal it.
  const verified = await verifyPassword(user?.passwordHash, password, { signal });
  if (user === null || !verified) return fail(identity.WrongCredentials, {});
  const { token, expiresAt } = await tokens.sign({ subject: user.id, tenant, roles: user.roles });
  return { token, expiresAt: expiresAt.toISOString() };
});
