import { command, fault, module } from "plimsoll";
import { type Passkeys, type StoredPasskey, sessions } from "plimsoll/auth";
import { z } from "zod";

/** A desk that keeps passkeys in a table of its own. */
export const session = sessions();

const Refused = fault("passkey_refused", { code: "unauthenticated", message: "The passkey is refused. Try again." });
const Json = z.record(z.string(), z.unknown());
const common = { access: "public", budget: "5s", idempotent: "natural" } as const;

export function desk(passkey: Passkeys) {
  const begin = command("t.begin", {
    ...{ ...common, input: z.object({ user: z.string() }), output: Json, http: "POST /v1/passkeys/options" },
    async run({ user }, scope) {
      const existing =
        await scope.sql<StoredPasskey>`select user_id, id, public_key, counter::float8 as counter, transports from desk.passkeys where user_id = ${user}`.many();
      return passkey.registration(scope, { user: { id: user, name: `${user}@example.com` }, existing });
    },
  });
  const finish = command("t.finish", {
    ...{ ...common, input: z.object({ user: z.string(), response: Json }), output: z.object({ id: z.string(), synced: z.boolean() }) },
    ...{ faults: [Refused], http: "POST /v1/passkeys" },
    async run({ user, response }, scope) {
      const made = (await passkey.register(scope, { userId: user, response })) ?? scope.fail(Refused, {});
      const { id, publicKey, counter, transports, synced } = made;
      await scope.sql`insert into desk.passkeys (id, user_id, public_key, counter, transports) values (${id}, ${user}, ${publicKey}, ${counter}, ${transports}::text[])`.run();
      return { id, synced };
    },
  });
  const challenge = command("t.challenge", {
    ...{ ...common, input: z.object({ user: z.string().optional() }), output: Json, http: "POST /v1/sign-in/options" },
    async run({ user }, scope) {
      if (user === undefined) return passkey.authentication(scope);
      const known =
        await scope.sql<StoredPasskey>`select user_id, id, public_key, counter::float8 as counter, transports from desk.passkeys where user_id = ${user}`.many();
      return passkey.authentication(scope, { user: { id: user, passkeys: known } });
    },
  });
  const signIn = command("t.sign-in", {
    ...{ ...common, input: z.object({ response: Json }), output: z.object({ user: z.string(), counter: z.number() }), faults: [Refused] },
    http: "POST /v1/sign-in",
    async run({ response }, scope) {
      const find = async (id: string) =>
        scope.sql<StoredPasskey>`select user_id, id, public_key, counter::float8 as counter, transports from desk.passkeys where id = ${id} for update`.maybe();
      const { userId, id, counter } = (await passkey.authenticate(scope, { response, find })) ?? scope.fail(Refused, {});
      await scope.sql`update desk.passkeys set counter = ${counter} where id = ${id}`.run();
      await session.start(scope, { id: userId });
      return { user: userId, counter };
    },
  });
  const operations = [begin, finish, challenge, signIn];
  return {
    ...{ begin, finish, challenge, signIn, operations },
    desk: module("t", { schema: "desk", migrations: new URL("../../../examples/callers/passkey/", import.meta.url), operations }),
  };
}
