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

export const signIn = implement(identity.signIn, async ({ tenant, email, password, device }, { call, fail, tokens, guard, signal }) => {
  const signedIn = await guard.attempt({ account: `${tenant}/${email}`, device }, async () => {
    const user = await call(findCredentials, { email }, { tenant });
    // The same work whether or not the user exists: the time must not reveal it.
    return (await verifyPassword(user?.passwordHash, password, { signal })) ? user : undefined;
  });
  if (signedIn === undefined) return fail(identity.WrongCredentials, {});
  const { id, roles } = signedIn.value;
  const { token, expiresAt } = await tokens.sign({ subject: id, tenant, roles });
  return { token, expiresAt: expiresAt.toISOString(), device: signedIn.device };
});
