// A payment provider with a temper, for the shop: it stalls, times out after it has charged, fails and garbles as its seed says, and keeps its own books.
// Run it with: TEMPER='{"stalls":0.2}' PORT=3999 BOOKS=./books.jsonl node --conditions=source examples/shop/provider.ts
import { startProvider } from "./provider/server.ts";
import { Temper } from "./provider/temper.ts";

export { readBooks } from "./provider/books.ts";
export { type Provider, type ProviderPlace, startProvider } from "./provider/server.ts";
export type { Temper } from "./provider/temper.ts";

if (import.meta.main) {
  const { TEMPER = "{}", PORT = "0", SEED = "1", BOOKS = "./provider-{port}.jsonl", NOTIFY_URL, NOTIFY_SECRET } = process.env;
  const notify = NOTIFY_URL && NOTIFY_SECRET ? { notify: { url: NOTIFY_URL, secret: NOTIFY_SECRET } } : {};
  const books = (port: number) => BOOKS.replace("{port}", `${port}`);
  const provider = await startProvider(Temper.parse(JSON.parse(TEMPER)), { port: Number(PORT), seed: Number(SEED), books, ...notify });
  console.log(`The provider runs at ${provider.url}`);
  process.send?.({ url: provider.url });
  // It ends with the process that started it, and not before: a signal from a terminal goes to both.
  if (process.connected) for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  process.once("disconnect", () => process.exit());
}
