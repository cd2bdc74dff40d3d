// What the compiler must refuse of streams; as in refused.ts.
import { type App, action } from "plimsoll";
import { z } from "zod";

const talk = action("orders.talk", {
  ...{ input: z.object({}), access: "public", budget: "1s", idempotent: "no", http: "GET /v1/talk" },
  ...{ stream: z.object({}), receives: z.object({ say: z.string() }) },
});
// @ts-expect-error a stream that receives has a client of its own | not assignable
export const streamed = (app: App) => app.stream(talk, {});
