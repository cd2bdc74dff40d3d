import { command, implement, secret } from "plimsoll";
import { z } from "zod";
import { system } from "../../access.ts";
import { EmailTaken, UserNotFound } from "../contract.ts";
import * as contract from "./contract.ts";

const { Invitation, invitationLinks } = contract;

export const invite = implement(contract.invite, async ({ email, roles }, { sql, actor, newId, start, fail }) => {
  if (await sql`select from identity.users where email = ${email}`.exists()) fail(EmailTaken, {});
  await sql`delete from identity.invitations where expires_at <= plimsoll.now()`.run();
  const made = await sql(Invitation)`
    insert into identity.invitations (id, email, roles, invited_by, expires_at)
    select ${newId()}, ${email}, ${roles}, id, plimsoll.now() + interval '3 days' from identity.users where id = ${actor.id}
    on conflict (tenant_id, email) do update set
      -- The link of the earlier one finds nothing by its id.
      id = excluded.id, roles = excluded.roles, invited_by = excluded.invited_by,
      created_at = excluded.created_at, expires_at = excluded.expires_at
    returning id, email, roles, created_at, expires_at`.maybe();
  if (made === undefined) return fail(UserNotFound, { userId: actor.id });
  await start(contract.mailInvitation, { invitationId: made.id });
  return made;
});

export const listInvitations = implement(contract.listInvitations, (input, { sql, page }) =>
  page(input, {
    rows: (after: string | undefined, limit) =>
      sql(Invitation)`
        select id, email, roles, created_at, expires_at from identity.invitations
        where email > ${after ?? ""} and expires_at > plimsoll.now()
        order by email limit ${limit}`.many(),
    position: ({ email }) => email,
  }),
);

export const revokeInvitation = implement(contract.revokeInvitation, async ({ invitationId }, scope) => {
  await invitationLinks.endAllOf(scope, invitationId);
  const revoked = await scope.sql`delete from identity.invitations where id = ${invitationId} and expires_at > plimsoll.now()`.run();
  return revoked === 1 ? {} : scope.fail(contract.InvitationNotFound, {});
});

const Issued = z.object({ email: z.string(), shop: z.string(), token: secret(z.string()) });

/** Internal: issued where it is mailed, so that no input of a task keeps it. */
export const issueInvitation = command("identity.issue-invitation", {
  ...{ input: z.object({ invitationId: z.uuid() }), output: Issued.nullable(), access: system, idempotent: "natural", budget: "1s" },
  async run({ invitationId }, scope) {
    const found = await scope.sql<{ readonly email: string; readonly shop: string }>`
      select i.email, t.name as shop from identity.invitations i join identity.tenants t on true
      where i.id = ${invitationId} and i.expires_at > plimsoll.now()`.maybe();
    return found ? { ...found, token: await invitationLinks.issue(scope, { subject: invitationId }) } : null;
  },
});

export const mailInvitation = implement(contract.mailInvitation, async (input, { call, mailer, pages, tenant = "", key, signal }) => {
  const issued = await call(issueInvitation, input);
  if (issued === null) return;
  const { email, shop, token } = issued;
  const link = `${pages.origin}/sign-in#${new URLSearchParams({ tenant, join: token })}`;
  const text = `Hello,\n\nyou are invited to ${shop}. Make your account within three days:\n\n${link}\n\nIf you do not want one, do nothing.\n`;
  await mailer.send({ to: { name: email, email }, subject: `Your invitation to ${shop}`, text }, { key, signal });
});
