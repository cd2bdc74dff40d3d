import { command, implement, signedIn, sqlFragment } from "plimsoll";
import { type Passkeys, passkeys, type StoredPasskey } from "plimsoll/auth";
import { z } from "zod";
import { session } from "../browser-contract.ts";
import * as contract from "./contract.ts";

const { Json, Passkey, PasskeyNotAdded, PasskeyRefused, passkeysMax, TooManyPasskeys } = contract;
const Origin = z.object({ origin: z.string() });
const Returned = Origin.extend({ response: Json });
const internal = { idempotent: "natural", budget: "5s" } as const;
const stored = sqlFragment`user_id, credential_id as id, public_key, counter::float8 as counter, transports`;
const shown = sqlFragment`id, name, synced, created_at, last_used_at`;

const byOrigin = new Map<string, Passkeys>();

/** Passkeys are bound to the origin of the pages, which the composition root knows. */
function passkeysAt(origin: string): Passkeys {
  const known = byOrigin.get(origin);
  if (known !== undefined) return known;
  const made = passkeys("identity", { rpId: new URL(origin).hostname, rpName: "Plimsoll shop", origins: [origin] });
  byOrigin.set(origin, made);
  return made;
}

/** Internal: keeps a challenge for the caller. */
export const offerPasskey = command("identity.offer-passkey", {
  ...{ ...internal, input: Origin, output: Json, faults: [TooManyPasskeys], access: signedIn() },
  async run({ origin }, scope) {
    const { sql, actor, fail } = scope;
    const existing = await sql<StoredPasskey>`select ${stored} from identity.passkeys where user_id = ${actor.id}`.many();
    if (existing.length >= passkeysMax) fail(TooManyPasskeys, {});
    const known = await sql<{ readonly email: string; readonly name: string }>`
      select email, name from identity.users where id = ${actor.id}`.maybe();
    const { email, name } = known ?? { email: actor.id, name: actor.id };
    return passkeysAt(origin).registration(scope, { user: { id: actor.id, name: email, displayName: name }, existing });
  },
});

export const askToAddPasskey = implement(contract.askToAddPasskey, (_, { call, pages }) => call(offerPasskey, { origin: pages.origin }));

/** Internal: verifies what the browser made, and keeps it. */
export const storePasskey = command("identity.store-passkey", {
  ...{ ...internal, input: Returned.extend({ name: z.string() }), output: Passkey, faults: [PasskeyNotAdded, TooManyPasskeys] },
  access: signedIn(),
  async run({ origin, name, response }, scope) {
    const { sql, actor, fail, newId, start } = scope;
    const made = (await passkeysAt(origin).register(scope, { userId: actor.id, response })) ?? fail(PasskeyNotAdded, {});
    // The lock of the user counts those that others add at the same time.
    if (!(await sql`select from identity.users where id = ${actor.id} for update`.exists())) fail(PasskeyNotAdded, {});
    const { count } = await sql<{ readonly count: number }>`
      select count(*)::int as count from identity.passkeys where user_id = ${actor.id}`.one();
    if (count >= passkeysMax) fail(TooManyPasskeys, {});
    const row = await sql(Passkey)`
      insert into identity.passkeys (id, user_id, name, credential_id, public_key, counter, transports, synced)
      values (${newId()}, ${actor.id}, ${name}, ${made.id}, ${made.publicKey}, ${made.counter}, ${made.transports}::text[], ${made.synced})
      on conflict (tenant_id, credential_id) do nothing
      returning ${shown}`.maybe();
    if (row === undefined) return fail(PasskeyNotAdded, {});
    await start(contract.mailPasskeyChange, { userId: actor.id, change: "added" });
    return row;
  },
});

export const addPasskey = implement(contract.addPasskey, (input, { call, pages }) =>
  call(storePasskey, { ...input, origin: pages.origin }),
);

export const listPasskeys = implement(contract.listPasskeys, async (_, { sql, actor }) => ({
  items: await sql(Passkey)`select ${shown} from identity.passkeys where user_id = ${actor.id} order by created_at, id`.many(),
}));

export const removePasskey = implement(contract.removePasskey, async ({ passkeyId }, { sql, actor, fail, start }) => {
  const removed = await sql`delete from identity.passkeys where id = ${passkeyId} and user_id = ${actor.id}`.run();
  if (removed !== 1) return fail(contract.PasskeyNotFound, {});
  await start(contract.mailPasskeyChange, { userId: actor.id, change: "removed" });
  return {};
});

/** Internal: in the tenant that the caller names. */
export const challengePasskey = command("identity.challenge-passkey", {
  ...{ ...internal, input: Origin, output: Json, access: "public" },
  // Of no user: a list of passkeys would say who has an account.
  run: async ({ origin }, scope) => passkeysAt(origin).authentication(scope),
});

export const askToEnterWithPasskey = implement(contract.askToEnterWithPasskey, ({ tenant }, { call, pages }) =>
  call(challengePasskey, { origin: pages.origin }, { tenant }),
);

/** Internal: a passkey is two factors, the device and what it knows its user by, so no code is asked for. */
export const usePasskey = command("identity.use-passkey", {
  ...{ ...internal, input: Returned, output: z.object({}), faults: [PasskeyRefused], access: "public" },
  async run({ origin, response }, scope) {
    const { sql, fail } = scope;
    const find = (id: string) => sql<StoredPasskey>`select ${stored} from identity.passkeys where credential_id = ${id} for update`.maybe();
    const { userId, id, counter } = (await passkeysAt(origin).authenticate(scope, { response, find })) ?? fail(PasskeyRefused, {});
    await sql`
      update identity.passkeys set counter = ${counter}, last_used_at = plimsoll.now() where credential_id = ${id}`.run();
    const { roles } = await sql<{ readonly roles: readonly string[] }>`select roles from identity.users where id = ${userId}`.one();
    await session.start(scope, { id: userId, roles });
    return {};
  },
});

export const enterWithPasskey = implement(contract.enterWithPasskey, ({ tenant, response }, { call, pages }) =>
  call(usePasskey, { origin: pages.origin, response }, { tenant }),
);
