// What the compiler must refuse of access, as in refused.ts.
import { createApp, type Grants, permission, query, route } from "plimsoll";
import { z } from "zod";

const Line = z.object({ id: z.string() });

type Permission = "orders.read" | "orders.refund";
// @ts-expect-error a permission that is not one of the app's | Argument of type '"orders.refnd"' is not assignable
query("shop.q", { input: Line, output: Line, access: permission<Permission>("orders.refnd"), budget: "1s", run: async (line) => line });
// @ts-expect-error nor does a role have one | Type '"orders.reed"' is not assignable to type 'Permission'
createApp({ modules: [], permissions: { support: ["orders.reed"] } satisfies Grants<Permission> });
// @ts-expect-error a query revokes nothing | Property 'revoke' does not exist
query("shop.q", { input: Line, output: Line, access: "public", budget: "1s", run: async (line, { revoke }) => line });
// @ts-expect-error a plain route says who may use it | Property 'access' is missing
route("GET /page", { name: "shop.page", budget: "1s" }, () => new Response("page"));
// @ts-expect-error and what it may use | Property 'budget' is missing
route("GET /page", { name: "shop.page", access: "public" }, () => new Response("page"));
// @ts-expect-error it returns a response | Type 'string' is not assignable to type
route("GET /page", { name: "shop.page", access: "public", budget: "1s" }, () => "page");
