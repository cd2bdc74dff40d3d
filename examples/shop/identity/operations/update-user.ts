import { implement } from "plimsoll";
import { expectVersion } from "../../versioning.ts";
import { resets } from "../browser-contract.ts";
import * as identity from "../contract.ts";
import { User } from "../domain.ts";
import { verifications } from "../joining/contract.ts";
import { userColumns } from "./users-sql.ts";

export const updateUser = implement(identity.updateUser, async ({ userId, version, ...changes }, scope) => {
  const { sql, fail } = scope;
  const found = await sql(User)`select ${userColumns} from identity.users where id = ${userId} for update`.maybe();
  if (found === undefined) return fail(identity.UserNotFound, { userId });
  expectVersion(found, version, { fail });
  const { email, name } = { ...found, ...changes };
  const taken = await sql`select from identity.users where email = ${email} and id <> ${userId}`.exists();
  if (taken) fail(identity.EmailTaken, {});
  const isOther = email !== found.email;
  // What was mailed to the old address is good for nothing now.
  if (isOther) for (const links of [resets, verifications]) await links.endAllOf(scope, userId);
  return sql(User)`
    update identity.users set email = ${email}, email_verified = email_verified and not ${isOther}, name = ${name},
      version = version + 1
    where id = ${userId}
    returning ${userColumns}`.one();
});
