// Headers and cookies, in and out. Run it with: node --conditions=source examples/callers/head.ts
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const searchRooms = action("rooms.search", {
  input: z.object({ currency: z.enum(["CHF", "EUR"]).default("EUR"), tags: z.array(z.string()), basketId: z.int().optional() }),
  output: z.object({ text: z.string(), total: z.int(), basketId: z.int() }),
  ...{ access: "public", idempotent: "natural", budget: "100ms" },
  http: {
    route: "POST /v1/rooms/search",
    headers: { currency: "Accept-Currency", tags: "X-Tags" },
    cookies: { basketId: "basket" },
    responseHeaders: { total: "X-Total-Count" },
    responseCookies: { basketId: { name: "basket", maxAge: "30d" } },
  },
  run: async ({ currency, tags, basketId = 1 }) => ({ text: `3 rooms in ${currency}, ${tags.join(" and ")}`, total: 3, basketId }),
});

export const app = createApp({ modules: [module("rooms", { operations: [searchRooms] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  for (const currency of ["CHF", "gold"]) {
    const headers = { "accept-currency": currency, "x-tags": "quiet, bright", cookie: "theme=dark; basket=7" };
    const response = await app.fetch(new Request("http://api/v1/rooms/search", { method: "POST", headers }));
    const { text, problems } = (await response.json()) as { text?: string; problems?: { pointer: string; message: string }[] };
    console.log(`${response.status}: ${text ?? problems?.map(({ pointer, message }) => `${pointer}: ${message}`)}`);
    console.log(`X-Total-Count: ${response.headers.get("x-total-count")}, Set-Cookie: ${response.headers.get("set-cookie")}`);
  }
  await app.stop();
}
