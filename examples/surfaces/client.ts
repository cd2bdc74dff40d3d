// A client made of the types of contracts. Run it with: node --conditions=source examples/surfaces/client.ts
import { action, clientRoutes, createApp, fault, module, query, route } from "plimsoll";
import { CallFault, client } from "plimsoll/client";
import { http } from "plimsoll/http";
import { z } from "zod";

const TooHeavy = fault("too_heavy", {
  code: "failed_precondition",
  details: z.object({ mostGrams: z.int() }),
  message: ({ mostGrams }) => `A parcel has at most ${mostGrams} g. Send it as freight.`,
});

const quoteParcel = action("parcels.quote", {
  ...{
    input: z.object({ grams: z.int().min(1), country: z.enum(["DE", "CN"]) }),
    output: z.object({ cents: z.int() }),
    faults: [TooHeavy],
  },
  ...{ access: "public", idempotent: "natural", budget: "1s", http: "POST /v1/quotes" },
  run: async ({ grams }, { fail }) =>
    grams > 30_000 ? fail(TooHeavy, { mostGrams: 30_000 }) : { cents: 450 + Math.ceil(grams / 500) * 90 },
});

const watchParcel = query("parcels.watch", {
  input: z.object({ parcelId: z.string() }),
  stream: { item: z.object({ place: z.string() }), id: ({ place }) => place },
  ...{ access: "public", budget: "1s", http: "GET /v1/parcels/{parcelId}/places" },
  run: async function* ({ parcelId }) {
    for (const place of ["Shanghai", "Leipzig", parcelId]) yield { place };
  },
});

/** In an application: `export * as parcels from "./parcels/contract.ts"`. */
export const contracts = { parcels: { TooHeavy, quoteParcel, watchParcel } };

const sendRoutes = route("GET /client.json", { name: "parcels.client", access: "public", budget: "1s" }, () =>
  Response.json(clientRoutes(contracts)),
);

export const app = createApp({
  modules: [module("parcels", { operations: [quoteParcel, watchParcel, sendRoutes] })],
  surfaces: [http({ port: 0 })],
});

if (import.meta.main) {
  await app.start();
  const api = client<typeof contracts>({ url: String(app.urls.surfaces[0]) });

  const { cents } = await api.parcels.quoteParcel({ grams: 1_200, country: "CN" });
  console.log(`1,200 g: ${cents} cents`);

  const quoted = await api.parcels.quoteParcel({ grams: 31_000, country: "DE" }).outcome();
  if (!quoted.ok && quoted.fault.type === "too_heavy") console.log(`at most ${quoted.fault.details.mostGrams} g`);

  for await (const { place } of api.parcels.watchParcel({ parcelId: "P1" })) console.log(place);

  try {
    await api.parcels.quoteParcel({ grams: 0, country: "DE" });
  } catch (thrown) {
    if (thrown instanceof CallFault) console.log(thrown.code, thrown.type);
  }
  await app.stop();
}
