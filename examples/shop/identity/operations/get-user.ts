import { fail, implement } from "plimsoll";
import * as identity from "../contract.ts";
import { User } from "../domain.ts";
import { userColumns } from "./users-sql.ts";

export const getUser = implement(identity.getUser, async ({ userId }, { sql, actor }) => {
  const visible = actor.id === userId || actor.roles.includes("administrator");
  const user = visible && (await sql(User)`select ${userColumns} from identity.users where id = ${userId}`.maybe());
  return user || fail(identity.UserNotFound, { userId });
});
