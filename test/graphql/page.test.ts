import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Script } from "node:vm";
import { action, query, signedIn } from "plimsoll";
import { z } from "zod";
import { words } from "../../src/graphql/page/words.ts";
import { chromium, Page } from "../e2e/browser.ts";
import { run } from "./app.ts";

const hostile = "</script><img src=x onerror=document.title='broken'>";
const common = { budget: "1s", idempotent: "natural" } as const;
const Order = z.object({ id: z.string(), totalCents: z.int(), note: z.string().describe(hostile) }).meta({ id: "Order" });
const operations = [
  action("suite.greet", {
    ...{ ...common, access: "public", graphql: "greet", summary: hostile },
    ...{ input: z.object({ name: z.string() }), output: z.object({ text: z.string() }) },
    run: async ({ name }) => ({ text: `Good day, ${name}` }),
  }),
  query("suite.order", {
    ...{ budget: "1s", access: signedIn(), graphql: "order", input: z.object({ id: z.string() }), output: Order },
    run: async ({ id }) => ({ id, totalCents: 1_200, note: hostile }),
  }),
  action("suite.count", {
    ...{ ...common, access: "public", graphql: "count", input: z.object({}), stream: { item: z.object({ at: z.int() }) } },
    run: async function* () {
      for (const at of [1, 2, 3]) yield { at };
    },
  }),
];
const asks = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };
const inline = (html: string, name: string) => new RegExp(`<${name}>([^]*?)</${name}>`).exec(html)?.[1] as string;

describe("the page of GraphQL as it is sent", () => {
  const load = async (path = "/graphql", given: object = { page: true }) => {
    await using running = await run(operations, { graphql: given });
    const response = await running.app.fetch(new Request(`http://test${path}`, asks), { address: "192.0.2.1" });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  test("browsers get it where introspection is on, or where the app says so; a document in the address is still one", async () => {
    const isPage = async (path: string, given: object) => (await load(path, given)).text.startsWith("<!doctype html>");
    const asked = "/graphql?query=%7B__typename%7D";
    const cases = [
      ["/graphql", { page: true }],
      ["/graphql", { introspection: true }],
      ["/graphql", {}],
      [asked, { page: true }],
    ] as const;
    const found: boolean[] = [];
    for (const [path, given] of cases) found.push(await isPage(path, given));
    assert.deepEqual(found, [true, true, false, false]);
  });

  test("its policy allows its own script and style, and nothing else", async () => {
    const { headers, text } = await load();
    const policy = headers.get("content-security-policy") ?? "";
    const hashOf = (name: string) => `'sha256-${createHash("sha256").update(inline(text, name)).digest("base64")}'`;
    const own = [`script-src ${hashOf("script")}`, `style-src ${hashOf("style")}`];
    const rest = ["default-src 'none'", "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'"];
    assert.deepEqual(
      policy.split("; ").toSorted(),
      [...own, ...rest, "frame-ancestors 'none'", "require-trusted-types-for 'script'"].toSorted(),
    );
    assert.deepEqual([headers.get("x-frame-options"), headers.get("cache-control")], ["DENY", "no-store"]);
  });

  test("it is whole: a script that parses, makes nothing out of text, and no address of another host", async () => {
    const { text } = await load();
    assert.doesNotThrow(() => new Script(inline(text, "script")));
    assert.doesNotMatch(
      text,
      /\beval\b|\bFunction\(|innerHTML|outerHTML|insertAdjacentHTML|document\.write|<script src|<link rel="stylesheet"/,
    );
    const hosts = [...text.matchAll(/https?:\/\/[^\s"'<%]*/g)].map(([address]) => address);
    assert.deepEqual(
      hosts.filter((host) => !host.startsWith("http://www.w3.org/")),
      [],
    );
  });

  test("each of its words is there in both languages, and each word that a script says is there", () => {
    assert.deepEqual(Object.keys(words.zh), Object.keys(words.en));
    const scripts = globSync("src/graphql/page/graphql-page/*.js").map((path) => readFileSync(path, "utf8"));
    const said = scripts.flatMap((text) => [...text.matchAll(/\bsay\("(\w+)"/g)].map(([, key]) => key as string));
    assert.deepEqual(
      said.filter((key) => !(key in words.en)),
      [],
    );
  });
});

describe("the page of GraphQL in a browser", { skip: chromium === undefined && "chromium is not installed" }, () => {
  const press = (selector: string) => `document.querySelector(${JSON.stringify(selector)}).click()`;
  const field = (name: string) => `[...document.querySelectorAll("button.field")].find((one) => one.textContent === "${name}").click()`;
  const shown = `document.querySelector(".results")?.textContent ?? ""`;

  test("it explores the schema, runs documents with a token, and shows the items of a subscription", async () => {
    await using running = await run(operations, { port: 0, graphql: { page: true, introspection: true } });
    await using page = await Page.open();
    await page.goto(`${running.app.urls.surfaces[0]}/graphql`);
    await page.until(`document.querySelectorAll("button.field").length === 3`);

    await page.evaluate(field("order"));
    assert.match(
      await page.evaluate<string>(`document.querySelector("textarea").value`),
      /query Order\(\$id: String!\) \{\n {2}order\(id: \$id\) \{\n {4}id/,
    );
    await page.evaluate(press("button.primary"));
    await page.until(`(${shown}).includes("unauthenticated")`);
    await page.evaluate(
      `(() => { const token = document.querySelector(".menu input"); token.value = "Bearer ann"; token.dispatchEvent(new Event("change")); })()`,
    );
    await page.until(`document.querySelector(".token summary").textContent === "Token set"`);
    await page.until(`document.querySelectorAll("button.field").length === 3`);
    await page.evaluate(press("button.primary"));
    await page.until(`(${shown}).includes("1200")`);

    await page.evaluate(field("count"));
    await page.evaluate(press("button.primary"));
    await page.until(`document.querySelectorAll(".results pre").length === 3`);

    await page.evaluate(field("greet"));
    await page.evaluate(
      `(() => { const area = document.querySelectorAll("textarea")[1]; area.value = "{"; area.dispatchEvent(new Event("input")); })()`,
    );
    await page.evaluate(press("button.primary"));
    await page.until(`document.querySelector(".status").textContent.startsWith("The variables are not JSON")`);

    await page.evaluate(press("button.link"));
    await page.until(`document.querySelector("nav h3").textContent.startsWith("String")`);
    await page.evaluate(`document.querySelector("header button.quiet").click()`);
    await page.until(`document.documentElement.lang === "zh" && document.querySelector("button.primary").textContent === "运行"`);
    assert.deepEqual([await page.evaluate("document.title"), page.complaints], ["plimsoll-app · GraphQL", []]);
  });
});
