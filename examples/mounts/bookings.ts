// The app that the other files of this folder mount: two operations of a larger service that is written with another framework.
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const quoteRoom = action("bookings.quote", {
  input: z.object({ nights: z.int().min(1).max(30) }),
  output: z.object({ cents: z.int() }),
  ...{ access: "public", idempotent: "natural", budget: "1s" },
  http: "POST /v1/quotes",
  run: async ({ nights }) => ({ cents: nights * 12_000 }),
});

// It opens no port: requests come through app.fetch.
export const app = createApp({ modules: [module("bookings", { operations: [quoteRoom] })], surfaces: [http({ port: false })] });

/** Asks a server for a quote of two nights, for one of its own pages, and for a quote of no nights. */
export async function tryOut(url: string): Promise<void> {
  const quote = (nights: number) =>
    fetch(`${url}/v1/quotes`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ nights }) });
  for (const response of [await quote(2), await fetch(`${url}/`), await quote(0)])
    console.log(`${response.status} ${(await response.text()).slice(0, 60)}`);
}
