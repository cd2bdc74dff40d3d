import { command, implement, secret, signedIn } from "plimsoll";
import { matchRecoveryCode, newRecoveryCodes, newTotpSecret, totpUri, verifyTotp } from "plimsoll/auth";
import { z } from "zod";
import * as browser from "../browser-contract.ts";
import { UserNotFound } from "../contract.ts";

const Factor = z.object({ secret: secret(z.string()), lastStep: z.number().nullable(), recoveryHashes: z.array(z.string()) });
const Good = z.object({ good: z.boolean() });
const internal = { idempotent: "natural", budget: "1s" } as const;

export const beginSecondFactor = implement(browser.beginSecondFactor, async (_, { sql, actor, fail }) => {
  const { email } =
    (await sql<{ readonly email: string }>`select email from identity.users where id = ${actor.id}`.maybe()) ??
    fail(UserNotFound, { userId: actor.id });
  const made = newTotpSecret();
  // One that is in use stays until the new one is confirmed by a user who could sign in with it.
  const { secret: kept } = (await sql<{ readonly secret: string }>`
    insert into identity.second_factors as f (user_id, secret) values (${actor.id}, ${made})
    on conflict (tenant_id, user_id) do update set secret = case when f.confirmed then f.secret else excluded.secret end
    returning case when f.confirmed then '' else secret end as secret`.maybe()) ?? { secret: "" };
  return { secret: kept, uri: kept === "" ? "" : totpUri({ secret: kept, issuer: "Plimsoll shop", account: email }) };
});

/** Internal: accepts a first code, and keeps the hashes of the recovery codes. */
export const confirmCode = command("identity.confirm-code", {
  ...{ ...internal, input: z.object({ code: secret(z.string()), hashes: z.array(z.string()) }), output: Good, access: signedIn() },
  async run({ code, hashes }, { sql, actor }) {
    const factor = await sql(Factor)`
      select secret, last_step::float8 as last_step, recovery_hashes from identity.second_factors
      where user_id = ${actor.id} and not confirmed for update`.maybe();
    const step = factor && verifyTotp({ secret: factor.secret, code });
    if (step === undefined) return { good: false };
    await sql`
      update identity.second_factors set confirmed = true, last_step = ${step}, recovery_hashes = ${hashes}
      where user_id = ${actor.id}`.run();
    return { good: true };
  },
});

export const confirmSecondFactor = implement(browser.confirmSecondFactor, async ({ code }, { call, guard, actor, tenant, fail }) => {
  const { codes, hashes } = newRecoveryCodes();
  const confirm = async () => ((await call(confirmCode, { code, hashes: [...hashes] })).good ? true : undefined);
  if (!(await guard.attempt({ account: `${tenant} ${actor.id} code` }, confirm))) fail(browser.WrongCode, {});
  return { recoveryCodes: [...codes] };
});

/** Internal: uses a code of the authenticator app, or a recovery code, each of which is good once. */
export const useCode = command("identity.use-code", {
  ...{ ...internal, input: z.object({ userId: z.uuid(), code: secret(z.string()) }), output: Good, access: "public" },
  async run({ userId, code }, { sql }) {
    const factor = await sql(Factor)`
      select secret, last_step::float8 as last_step, recovery_hashes from identity.second_factors
      where user_id = ${userId} and confirmed for update`.maybe();
    if (factor === undefined) return { good: false };
    const step = verifyTotp({ secret: factor.secret, code, lastStep: factor.lastStep ?? undefined });
    const used = step === undefined ? matchRecoveryCode(code, factor.recoveryHashes) : undefined;
    if (step === undefined && used === undefined) return { good: false };
    // The row is locked: of two requests with one code, the second finds it used.
    await sql`
      update identity.second_factors
      set last_step = ${step ?? factor.lastStep}::bigint, recovery_hashes = array_remove(recovery_hashes, ${used ?? ""})
      where user_id = ${userId}`.run();
    return { good: true };
  },
});
