// One operation over HTTP. Run it with: node --conditions=source examples/01-hello.ts
import { action, createApp, module, supervise } from "plimsoll";
import { http } from "plimsoll/http";
import { z } from "zod";

const hello = action("greetings.hello", {
  summary: "Say hello",
  input: z.object({ name: z.string().min(1).max(100) }),
  output: z.object({ greeting: z.string() }),
  access: "public",
  idempotent: "natural",
  budget: "100ms",
  http: "POST /hello",
  run: async ({ name }) => ({ greeting: `Hello, ${name}!` }),
});

const app = createApp({
  modules: [module("greetings", { operations: [hello] })],
  surfaces: [http({ port: Number(process.env.PORT ?? 3000), documents: true })],
});

await supervise(app);
console.log(`curl -s ${app.urls.surfaces[0]}/hello -H "Content-Type: application/json" -d '{"name":"world"}'`);
