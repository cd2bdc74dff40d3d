// A webhook that its sender signs: the signature is over the bytes as they came. Run it with: node --conditions=source examples/callers/webhook.ts
import { createHmac, timingSafeEqual } from "node:crypto";
import { action, createApp, fault, module, rawBody } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const secret = "whsec_2f7c1d5a9b3e4f60";
export const sign = (time: number, body: Uint8Array | string) => createHmac("sha256", secret).update(`${time}.`).update(body).digest("hex");

const SignatureWrong = fault("signature_wrong", { code: "permission_denied", message: "The signature is wrong or older than 5 minutes." });
const Event = z.object({ id: z.string(), type: z.string() });

const receive = action("billing.receive", {
  input: z.object({
    body: rawBody({ types: ["application/json"] }),
    time: z.int(),
    signature: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  ...{ output: z.object({ received: z.string() }), faults: [SignatureWrong], access: "public", idempotent: "natural", budget: "2s" },
  http: { route: "POST /v1/webhooks/billing", body: "raw", headers: { time: "X-Time", signature: "X-Signature" } },
  run: async ({ body, time, signature }, { fail, now }) => {
    const isLate = Math.abs(now().getTime() / 1_000 - time) > 300;
    if (isLate || !timingSafeEqual(Buffer.from(signature), Buffer.from(sign(time, body)))) fail(SignatureWrong, {});
    return { received: Event.parse(JSON.parse(new TextDecoder().decode(body))).id };
  },
});

export const app = createApp({ modules: [module("billing", { operations: [receive] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  const [body, time] = ['{ "id": "evt_1", "type": "paid" }', Math.floor(Date.now() / 1_000)];
  for (const sent of [body, body.replace("evt_1", "evt_2")]) {
    const headers = { "content-type": "application/json", "x-time": String(time), "x-signature": sign(time, body) };
    const response = await app.fetch(new Request("http://api/v1/webhooks/billing", { method: "POST", headers, body: sent }));
    console.log(response.status, JSON.stringify(await response.json()).slice(0, 44));
  }
  await app.stop();
}
