import { type Sql, sqlFragment } from "plimsoll";
import { User } from "../domain.ts";

export const userColumns = sqlFragment`id, email, name, roles, version, created_at`;

/** Reads a user and all administrators, and keeps them as they are until the transaction ends: nobody else can make the last one go meanwhile. */
export const lockWithAdministrators = (sql: Sql, userId: string): Promise<User[]> =>
  sql(User)`
    select ${userColumns} from identity.users
    where id = ${userId} or 'administrator' = any (roles)
    order by id for update`.many();
