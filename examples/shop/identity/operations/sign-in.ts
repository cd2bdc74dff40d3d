import { type ActionScope, implement, query, secret } from "plimsoll";
import { type SignInGuard, verifyPassword } from "plimsoll/auth";
import { z } from "zod";
import * as identity from "../contract.ts";
import { Email, Role } from "../domain.ts";
import { useCode } from "./second-factor.ts";

const Known = z.object({ id: z.uuid(), roles: z.array(Role), passwordHash: secret(z.string()), hasSecondFactor: z.boolean() });

export const findCredentials = query("identity.find-credentials", {
  input: z.object({ email: Email }),
  output: Known.nullable(),
  access: "public",
  budget: "1s",
  run: async ({ email }, { sql }) =>
    (await sql(Known)`
      select u.id, u.roles, u.password_hash, coalesce(f.confirmed, false) as has_second_factor
      from identity.users u left join identity.second_factors f on f.user_id = u.id
      where u.email = ${email}`.maybe()) ?? null,
});

/** What both ways to sign in need of their scope. */
type Scope = Pick<ActionScope<typeof identity.WrongCredentials | typeof identity.SecondFactorNeeded>, "call" | "fail" | "signal"> & {
  readonly guard: SignInGuard;
};

/**
 * Verifies the password and, where the user has one, the second factor. Guesses of the code are counted for themselves: who has found the password signs in
 * far enough to be known as the user, and must not get the guesses of one who is.
 */
export async function verified(
  { tenant, email, password, code, device }: z.output<typeof identity.Credentials>,
  { call, fail, guard, signal }: Scope,
) {
  const signedIn = await guard.attempt({ account: `${tenant}/${email}`, device }, async () => {
    const user = await call(findCredentials, { email }, { tenant });
    // The same work whether or not the user exists: the time must not reveal it.
    return (await verifyPassword(user?.passwordHash, password, { signal })) ? user : undefined;
  });
  if (signedIn === undefined) return fail(identity.WrongCredentials, {});
  const { id, hasSecondFactor } = signedIn.value;
  if (hasSecondFactor) {
    const given = code ?? fail(identity.SecondFactorNeeded, {});
    const use = async () => (await call(useCode, { userId: id, code: given }, { tenant })).good || undefined;
    if ((await guard.attempt({ account: `${tenant} ${id} code` }, use)) === undefined) return fail(identity.WrongCredentials, {});
  }
  return { ...signedIn.value, device: signedIn.device };
}

export const signIn = implement(identity.signIn, async (input, scope) => {
  const { id, roles, device } = await verified(input, scope);
  const { token, expiresAt } = await scope.tokens.sign({ subject: id, tenant: input.tenant, roles });
  return { token, expiresAt: expiresAt.toISOString(), device };
});
