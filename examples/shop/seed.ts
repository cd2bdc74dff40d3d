import { type Actor, type App, command, type Fault, module } from "plimsoll";
import { hashPassword } from "plimsoll/auth";
import { z } from "zod";
import { system } from "./access.ts";
import { importProducts, listProducts } from "./catalog/contract.ts";
import { foundTenant, type Role, signIn } from "./identity/contract.ts";
import { catalogues } from "./seed-products.ts";

/** A user who can sign in from the first start on. */
interface Person {
  readonly tenant: "acme" | "globex";
  readonly name: string;
  readonly email: string;
  readonly role: Role;
}

const staff = (tenant: Person["tenant"], names: readonly string[]): Person[] =>
  names.map((name, index) => ({
    ...{ tenant, name, email: `${name.toLowerCase()}@${tenant}.example` },
    role: index === 0 ? "administrator" : "customer",
  }));

const people = { acme: staff("acme", ["Ada", "Ben", "Cleo"]), globex: staff("globex", ["Gus", "Hana", "Ivo"]) };
export const password = "plimsoll-demo";

/** The users and the products of a new tenant come together or not at all; of a tenant that is there, nothing is touched. */
const openShop = command("seed.open-shop", {
  input: z.object({ ...foundTenant.input.shape, ...importProducts.input.shape }),
  output: foundTenant.output,
  access: system,
  idempotent: "natural",
  budget: "30s",
  async run({ products, ...tenant }, { call }) {
    const { founded } = await call(foundTenant, tenant);
    if (founded) await call(importProducts, { products });
    return { founded };
  },
});

export const seed = module("seed", { operations: [openShop] });

/** What the first start leaves behind. */
export interface Opened {
  /** Who still has the password of the first day. */
  readonly people: readonly (Person & { readonly token: string })[];
  /** Something that Acme has left. */
  readonly productId: string | undefined;
}

/** The first administrator, where no user has a printed password. */
interface First {
  readonly FIRST_TENANT?: string | undefined;
  readonly FIRST_EMAIL?: string | undefined;
  readonly FIRST_PASSWORD?: string | undefined;
}

/** Creates a tenant with its first administrator, if all settings are there and the tenant is not. It signs no user in. */
export async function firstAdministrator(
  app: App,
  { FIRST_TENANT: tenant, FIRST_EMAIL: email, FIRST_PASSWORD: secret }: First,
): Promise<Opened> {
  if (tenant !== undefined && email !== undefined && secret !== undefined) {
    const user = { name: "Administrator", email, roles: ["administrator" as const], passwordHash: await hashPassword(secret) };
    await app.call(foundTenant, { name: tenant, users: [user] }, { actor: seeder(tenant) });
  }
  return { people: [], productId: undefined };
}

const seeder = (tenant: string): Actor => ({ id: "seed", kind: "system", roles: [], tenant, claims: { tid: tenant } });

/** Opens one shop, if it is not open yet. */
export type Opening = (app: App, shop: z.infer<typeof openShop.input>, actor: Actor) => Promise<unknown>;

const atOnce: Opening = (app, shop, actor) => app.call(openShop, shop, { actor });

/** Opens the shops that are not open yet, and signs all users in. `open`: how one is opened. *Default*: in one transaction. */
export async function openShops(app: App, open: Opening = atOnce): Promise<Opened> {
  const passwordHash = await hashPassword(password);
  for (const tenant of ["acme", "globex"] as const) {
    const users = people[tenant].map((person) => ({ ...person, roles: [person.role], passwordHash }));
    await open(app, { name: tenant, users, products: catalogues[tenant] }, seeder(tenant));
  }
  const all = [...people.acme, ...people.globex];
  const entered = await Promise.all(all.map((person) => enter(app, person)));
  const { items } = await app.call(listProducts, { query: "rocket" }, { actor: seeder("acme") });
  return {
    people: entered.flatMap((entry) => entry ?? []),
    productId: items.find(({ stock }) => stock > 0)?.id,
  };
}

/** Attempts to sign one user in, while the shop has too much to do for it. */
const attempts = 5;

/** Signs a user in; undefined where the password is another one by now. */
async function enter(app: App, person: Person): Promise<Opened["people"][number] | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { ...person, ...(await app.call(signIn, { ...person, password })) };
    } catch (error) {
      const { code } = error as Partial<Fault>;
      if (code !== "deadline_exceeded" && code !== "unavailable") return undefined;
      if (attempt === attempts) throw error;
    }
  }
}
