// Sign in with a passkey: what the pages of an app get. Run it with: node --conditions=source examples/callers/passkey.ts
import { command, createApp, fault, module, signedIn, sqlFragment } from "plimsoll";
import { passkeys, type StoredPasskey, sessions } from "plimsoll/auth";
import { embedded } from "plimsoll/embedded";
import { http } from "plimsoll/http";
import { z } from "zod";

const passkey = passkeys("desk", { rpId: "example.com", rpName: "Desk", origins: ["https://app.example.com"] });
const session = sessions();
const Json = z.record(z.string(), z.unknown());
const none = z.object({});
const common = { budget: "5s", idempotent: "natural" } as const;
const columns = sqlFragment`user_id, id, public_key, counter::float8 as counter, transports`;
const PasskeyRefused = fault("passkey_refused", { code: "unauthenticated", message: "The passkey is refused. Try again." });

const askToMake = command("desk.ask-to-make-passkey", {
  ...{ ...common, access: signedIn(), input: none, output: Json, http: "POST /v1/passkeys/options" },
  async run(_, scope) {
    const { id } = scope.actor;
    const existing = await scope.sql<StoredPasskey>`select ${columns} from desk.passkeys where user_id = ${id}`.many();
    return passkey.registration(scope, { user: { id, name: id }, existing });
  },
});
const make = command("desk.make-passkey", {
  ...{
    ...common,
    access: signedIn(),
    input: z.object({ response: Json }),
    output: none,
    faults: [PasskeyRefused],
    http: "POST /v1/passkeys",
  },
  async run({ response }, scope) {
    const made = await passkey.register(scope, { userId: scope.actor.id, response });
    const { id, publicKey, counter, transports } = made ?? scope.fail(PasskeyRefused, {});
    await scope.sql`
      insert into desk.passkeys (id, user_id, public_key, counter, transports)
      values (${id}, ${scope.actor.id}, ${publicKey}, ${counter}, ${transports}::text[])`.run();
    return {};
  },
});
const askToSignIn = command("desk.ask-to-sign-in", {
  ...{ ...common, access: "public", input: none, output: Json, http: "POST /v1/sign-in/options" },
  run: async (_, scope) => passkey.authentication(scope),
});
const signIn = command("desk.sign-in", {
  ...{ ...common, access: "public", input: z.object({ response: Json }), output: none, faults: [PasskeyRefused], http: "POST /v1/sign-in" },
  async run({ response }, scope) {
    const find = (id: string) => scope.sql<StoredPasskey>`select ${columns} from desk.passkeys where id = ${id} for update`.maybe();
    const { userId, id, counter } = (await passkey.authenticate(scope, { response, find })) ?? scope.fail(PasskeyRefused, {});
    await scope.sql`update desk.passkeys set counter = ${counter} where id = ${id}`.run();
    await session.start(scope, { id: userId });
    return {};
  },
});

const desk = module("desk", {
  schema: "desk",
  migrations: new URL("./passkey/", import.meta.url),
  operations: [askToMake, make, askToSignIn, signIn],
});
const app = createApp({
  modules: [desk],
  database: embedded({ directory: process.env.DATA_DIR ?? ".data/examples" }),
  authentication: session,
  surfaces: [http({ port: 0 })],
});
await app.start();
const ann = { id: "ann", kind: "user", roles: [], tenant: undefined, claims: {} } as const;
const made = (await app.call(askToMake, {}, { actor: ann })) as {
  rp: { id: string };
  authenticatorSelection: { userVerification: string };
};
console.log(`to make one: ${made.rp.id}, ${made.authenticatorSelection.userVerification}`);
const asked = await app.call(askToSignIn, {});
console.log(`to sign in: ${asked.rpId}, ${asked.userVerification}`);
await app.call(signIn, { response: {} }).catch(({ type }) => console.log(`what is no response: ${type}`));
await app.stop();
