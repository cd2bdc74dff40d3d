// What a role may do is data of the app. Run it with: node --conditions=source examples/callers/permissions.ts
import { type Actor, action, createApp, type Fault, type Grants, module, permission } from "plimsoll";
import { z } from "zod";

type Permission = "bookings.read" | "bookings.cancel";

const read = action("bookings.read", {
  ...{ input: z.object({}), output: z.object({}), idempotent: "natural", budget: "1s" },
  access: permission<Permission>("bookings.read"),
  run: async () => ({}),
});

const cancel = action("bookings.cancel", {
  ...{ input: z.object({}), output: z.object({}), idempotent: "natural", budget: "1s" },
  access: permission<Permission>("bookings.cancel"),
  run: async () => ({}),
});

const permissions = { support: ["bookings.read", "bookings.cancel"], auditor: ["bookings.read"] } satisfies Grants<Permission>;

if (import.meta.main) {
  const app = createApp({ modules: [module("bookings", { operations: [read, cancel] })], permissions });
  await app.start();
  const as = async (role: string, does: string, operation: typeof read) => {
    const actor: Actor = { id: "ann", kind: "user", roles: [role], tenant: undefined, claims: {} };
    const outcome = await app.call(operation, {}, { actor }).then(
      () => "200",
      (fault: Fault) => fault.type,
    );
    console.log(`${role} ${does}: ${outcome}`);
  };
  await as("auditor", "reads", read);
  await as("auditor", "cancels", cancel);
  await as("support", "cancels", cancel);
  await app.stop();
}
