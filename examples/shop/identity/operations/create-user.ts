import { command, implement, role, secret } from "plimsoll";
import { hashPassword } from "plimsoll/auth";
import { z } from "zod";
import * as identity from "../contract.ts";
import { passwords, Role, User, UserFacts } from "../domain.ts";
import { userColumns } from "./users-sql.ts";

export const addUser = command("identity.add-user", {
  input: UserFacts.extend({ roles: z.array(Role), passwordHash: secret(z.string()) }),
  output: User,
  faults: [identity.EmailTaken],
  access: role("administrator"),
  idempotent: "no",
  budget: "1s",
  run: async ({ email, name, roles, passwordHash }, { sql, newId, fail }) =>
    (await sql(User)`
      insert into identity.users (id, email, name, roles, password_hash)
      values (${newId()}, ${email}, ${name}, ${roles}, ${passwordHash})
      on conflict (tenant_id, email) do nothing
      returning ${userColumns}`.maybe()) ?? fail(identity.EmailTaken, {}),
});

// Hashing takes long on purpose, so it is done before the transaction begins.
export const createUser = implement(identity.createUser, async ({ password, ...user }, { call, fail, signal }) => {
  const problem = await passwords.problemOf(password, { not: [user.email, user.name], signal });
  if (problem !== undefined) fail(identity.PasswordRefused, { problem });
  return call(addUser, { ...user, passwordHash: await hashPassword(password, { signal }) });
});
