import { type AppSpec, action, claim, command, createApp, module, signedIn } from "plimsoll";
import { apiKeys, jwt } from "plimsoll/auth";
import { http } from "plimsoll/http";
import { postgres } from "plimsoll/postgres";
import { z } from "zod";

export const signing = {
  ...{ key: { algorithm: "HS256", secret: "kT8w2ZpQ5vX1mB9rL4sN7cD0yH3jF6gA" } as const, issuer: "accounts", audience: "accounts" },
};

const whoami = action("accounts.whoami", {
  ...{ input: z.object({}), output: z.object({ id: z.string() }), access: signedIn(), idempotent: "natural", budget: "5s" },
  http: "POST /whoami",
  run: async (_input, { actor }) => ({ id: actor.id }),
});

export const end = command("accounts.end", {
  input: z.object({
    ...{ session: z.string().optional(), user: z.string().optional(), key: z.string().optional() },
    ...{ tenant: z.string().optional(), fails: z.boolean().default(false) },
  }),
  ...{ output: z.object({}), access: "public", idempotent: "no", budget: "5s" },
  run: async ({ session, user, key, tenant, fails }, { revoke }) => {
    const of = tenant === undefined ? {} : { tenant };
    if (session !== undefined) await revoke({ session, ...of });
    if (user !== undefined) await revoke({ user, ...of });
    if (key !== undefined) await revoke({ key, ...of });
    if (fails) throw new Error("rolled back");
    return {};
  },
});

export const modules = [module("accounts", { operations: [whoami, end] })];

/** One process of the app. */
export interface AccountsSpec extends Pick<AppSpec, "revocations"> {
  readonly url: string;
  readonly directUrl?: string;
  readonly keys: readonly { readonly id: string; readonly hash: string }[];
}

export function accounts({ url, directUrl, keys, revocations = {} }: AccountsSpec) {
  const find = (id: string) => {
    const key = keys.find((one) => one.id === id);
    const actor = { id: "robot", kind: "service", roles: [], tenant: undefined, claims: { tid: "acme" } } as const;
    return key && { hashes: [key.hash], actor };
  };
  return createApp({
    modules,
    ...{ database: postgres({ url, directUrl, connections: 4 }), tenancy: claim("tid"), revocations, rateLimit: { perSecond: 0 } },
    authentication: [apiKeys({ prefix: "acc", find, rememberFor: "1m" }), jwt({ keys: [signing.key], ...signing })],
    surfaces: [http({ port: 0, host: "127.0.0.1" })],
  });
}
