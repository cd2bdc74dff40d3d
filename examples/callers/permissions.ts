// What a role may do is data of the app. Run it with: node --conditions=source examples/callers/permissions.ts
import { type Actor, action, createApp, type Fault, type Grants, module, permission, visibleTo } from "plimsoll";
import { z } from "zod";

type Permission = "bookings.read" | "bookings.cancel";

const Booking = z.object({
  id: z.string(),
  commission: visibleTo(permission<Permission>("bookings.cancel"), z.int()),
});

const read = action("bookings.read", {
  ...{ input: z.object({}), output: Booking, idempotent: "natural", budget: "1s" },
  access: permission<Permission>("bookings.read"),
  run: async () => ({ id: "7", commission: 12 }),
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
  const as = async (role: string, does: string, operation: typeof read | typeof cancel) => {
    const actor: Actor = { id: "ann", kind: "user", roles: [role], tenant: undefined, claims: {} };
    const outcome = await app.call(operation, {}, { actor }).then(
      (output) => JSON.stringify(output),
      (fault: Fault) => fault.type,
    );
    console.log(`${role} ${does}: ${outcome}`);
  };
  await as("auditor", "reads", read);
  await as("support", "reads", read);
  await as("auditor", "cancels", cancel);
  await as("support", "cancels", cancel);
  await app.stop();
}
