// Plain routes: a page for robots, and a body that is passed on as it comes. Run it with: node --conditions=source examples/callers/route.ts
import { createApp, fault, module, route } from "plimsoll";
import { http } from "plimsoll/http";

const LanguageUnknown = fault("language_unknown", { code: "not_found", message: "There is no page in this language. Ask for en or de." });
const hello = new Map([
  ["en", "Hello"],
  ["de", "Hallo"],
]);

const greet = route(
  "GET /pages/{language}",
  { name: "site.greet", access: "public", budget: { deadline: "1s", concurrency: 8 }, faults: [LanguageUnknown] },
  (request, { params, fail }) => {
    const text = hello.get(params.language ?? "") ?? fail(LanguageUnknown, {});
    const name = new URL(request.url).searchParams.get("name") ?? "you";
    return new Response(`${text}, ${name}!`, { headers: { "content-type": "text/plain; charset=utf-8" } });
  },
);

const shout = route(
  "POST /shout",
  { name: "site.shout", access: "public", budget: "2s", bodyBytes: 1_000_000 },
  async (request) => new Response((await request.text()).toUpperCase(), { status: 201 }),
);

const app = createApp({ modules: [module("site", { operations: [greet, shout] })], surfaces: [http({ port: 0 })] });

if (import.meta.main) {
  await app.start();
  for (const request of [
    new Request("http://site/pages/en?name=Ada"),
    new Request("http://site/pages/fr"),
    new Request("http://site/shout", { method: "POST", body: "quiet" }),
  ]) {
    const response = await app.fetch(request);
    console.log(response.status, (await response.text()).slice(0, 40));
  }
  await app.stop();
}
