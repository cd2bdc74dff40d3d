import { command, implement, query, secret, signedIn } from "plimsoll";
import { hashPassword, verifyPassword } from "plimsoll/auth";
import { z } from "zod";
import { session } from "../browser-contract.ts";
import * as identity from "../contract.ts";
import { answersFor, passwords } from "../domain.ts";

const Password = z.object({ passwordHash: secret(z.string()) });

export const findPassword = query("identity.find-password", {
  input: z.object({ userId: z.uuid() }),
  output: Password,
  faults: [identity.UserNotFound],
  access: signedIn(),
  owns: async ({ userId }, { actor }) => answersFor(actor, userId),
  budget: "1s",
  run: async ({ userId }, { sql, fail }) =>
    (await sql(Password)`select password_hash from identity.users where id = ${userId}`.maybe()) ?? fail(identity.UserNotFound, { userId }),
});

export const storePassword = command("identity.store-password", {
  input: Password.extend({ userId: z.uuid() }),
  output: z.object({}),
  faults: [identity.UserNotFound],
  access: signedIn(),
  owns: async ({ userId }, { actor }) => answersFor(actor, userId),
  idempotent: "natural",
  budget: "1s",
  async run({ userId, passwordHash }, scope) {
    const { sql, fail } = scope;
    await session.endAllOf(scope, userId, { keepOwn: true });
    const changed = await sql`update identity.users set password_hash = ${passwordHash} where id = ${userId}`.run();
    return changed === 1 ? {} : fail(identity.UserNotFound, { userId });
  },
});

export const changePassword = implement(
  identity.changePassword,
  async ({ userId, oldPassword = "", newPassword }, { call, actor, guard, tenant, signal, fail }) => {
    const problem = await passwords.problemOf(newPassword, { not: [oldPassword], signal });
    if (problem !== undefined) fail(identity.PasswordRefused, { problem });
    const { passwordHash } = await call(findPassword, { userId });
    const verify = async () => ((await verifyPassword(passwordHash, oldPassword, { signal })) ? userId : undefined);
    // Who has found an open browser must not guess the password in it.
    const allowed = actor.roles.includes("administrator") || (await guard.attempt({ account: `${tenant} ${userId}` }, verify));
    if (!allowed) fail(identity.WrongPassword, {});
    await call(storePassword, { userId, passwordHash: await hashPassword(newPassword, { signal }) });
    return {};
  },
);
