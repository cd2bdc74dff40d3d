// What the compiler must refuse of access, as in refused.ts.
import { createApp, type Grants, permission, query } from "plimsoll";
import { z } from "zod";

const Line = z.object({ id: z.string() });

type Permission = "orders.read" | "orders.refund";
// @ts-expect-error a permission that is not one of the app's | Argument of type '"orders.refnd"' is not assignable
query("shop.q", { input: Line, output: Line, access: permission<Permission>("orders.refnd"), budget: "1s", run: async (line) => line });
// @ts-expect-error nor does a role have one | Type '"orders.reed"' is not assignable to type 'Permission'
createApp({ modules: [], permissions: { support: ["orders.reed"] } satisfies Grants<Permission> });
// @ts-expect-error a query revokes nothing | Property 'revoke' does not exist
query("shop.q", { input: Line, output: Line, access: "public", budget: "1s", run: async (line, { revoke }) => line });
