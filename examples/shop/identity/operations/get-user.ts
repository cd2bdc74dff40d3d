import { implement } from "plimsoll";
import * as identity from "../contract.ts";
import { User } from "../domain.ts";
import { userColumns } from "./users-sql.ts";

export const getUser = implement(
  identity.getUser,
  async ({ userId }, { sql, fail }) =>
    (await sql(User)`select ${userColumns} from identity.users where id = ${userId}`.maybe()) ?? fail(identity.UserNotFound, { userId }),
);
