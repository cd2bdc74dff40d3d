import { implement } from "plimsoll";
import * as identity from "../contract.ts";
import { User } from "../domain.ts";
import { userColumns } from "./users-sql.ts";

export const listUsers = implement(identity.listUsers, (input, { sql, page }) =>
  page(input, {
    rows: (after: string | undefined, limit) =>
      sql(User)`
        select ${userColumns} from identity.users
        where email > ${after ?? ""} and strpos(lower(name || ' ' || email), lower(${input.query})) > 0
        order by email limit ${limit}`.many(),
    position: ({ email }) => email,
  }),
);
