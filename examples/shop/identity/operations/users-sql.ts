import { type Sql, sqlFragment } from "plimsoll";
import { User } from "../domain.ts";

export const userColumns = sqlFragment`id, email, email_verified, name, roles, version, created_at`;

/** Reads a user and all administrators, and locks them until the transaction ends, so that no other transaction can remove the last one meanwhile. */
export const lockWithAdministrators = (sql: Sql, userId: string): Promise<User[]> =>
  sql(User)`
    select ${userColumns} from identity.users
    where id = ${userId} or 'administrator' = any (roles)
    order by id for update`.many();
