// An API for the pages of another origin. Run it with: node --conditions=source examples/callers/cors.ts
import { action, createApp, module } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const greet = action("greetings.greet", {
  ...{ input: z.object({ name: z.string() }), output: z.object({ text: z.string() }), access: "public", idempotent: "natural" },
  ...{ budget: "1s", http: "POST /v1/greetings" },
  run: async ({ name }) => ({ text: `Hello, ${name}!` }),
});

export const app = createApp({
  modules: [module("greetings", { operations: [greet] })],
  surfaces: [http({ port: 0, cors: { origins: ["https://app.example.com", "https://*.preview.example.com"], maxAge: "1h" } })],
});

if (import.meta.main) {
  await app.start();
  const preflight = { method: "OPTIONS", "access-control-request-method": "POST" };
  for (const origin of ["https://app.example.com", "https://pr-7.preview.example.com", "https://elsewhere.test"]) {
    const { status, headers } = await app.fetch(
      new Request("http://api/v1/greetings", { method: "OPTIONS", headers: { ...preflight, origin } }),
    );
    console.log(`${origin}: ${status} ${headers.get("access-control-allow-methods") ?? "not allowed"}`);
  }
  await app.stop();
}
