import { implement } from "plimsoll";
import * as identity from "../contract.ts";

export const foundTenant = implement(identity.foundTenant, async ({ name, users }, { sql, newId }) => {
  // Of two who found it at once, the second waits here until the first is done, and then finds it.
  const founded = await sql`insert into identity.tenants (name) values (${name}) on conflict do nothing`.run();
  if (founded === 0) return { founded: false };
  // Who founds a tenant says whose the addresses are.
  const rows = users.map((user) => ({ id: newId(), ...user }));
  await sql`
    insert into identity.users (id, email, email_verified, name, roles, password_hash)
    select id, email, true, name, roles, "passwordHash"
    from json_to_recordset(${JSON.stringify(rows)}) as row (id uuid, email text, name text, roles text[], "passwordHash" text)`.run();
  return { founded: true };
});
