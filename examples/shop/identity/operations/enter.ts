import { command, implement } from "plimsoll";
import { z } from "zod";
import * as browser from "../browser-contract.ts";
import { UserNotFound } from "../contract.ts";
import { Role } from "../domain.ts";
import { verified } from "./sign-in.ts";

const { session } = browser;

/** Internal: after the password was verified. */
export const startSession = command("identity.start-session", {
  ...{ input: z.object({ id: z.uuid(), roles: z.array(Role) }), output: z.object({}), access: "public", idempotent: "no", budget: "1s" },
  run: async (subject, scope) => session.start(scope, subject).then(() => ({})),
});

export const enter = implement(browser.enter, async (input, scope) => {
  const { id, roles } = await verified(input, scope);
  return scope.call(startSession, { id, roles }, { tenant: input.tenant });
});

export const leave = implement(browser.leave, async (_, scope) => session.end(scope).then(() => ({})));

const Row = browser.whoAmI.output.omit({ tenant: true });

export const whoAmI = implement(browser.whoAmI, async (_, { sql, actor, tenant = "", fail }) => {
  const row = await sql(Row)`
    select u.id, u.email, u.email_verified, u.name, u.roles, coalesce(f.confirmed, false) as second_factor
    from identity.users u left join identity.second_factors f on f.user_id = u.id
    where u.id = ${actor.id}`.maybe();
  return { ...(row ?? fail(UserNotFound, { userId: actor.id })), tenant };
});
