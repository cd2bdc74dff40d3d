// The architecture checker: faults that are planted into a project that breaks no rule, and what looks like a fault and is none.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkArchitecture } from "../../src/check/check-architecture.ts";
import type { CheckException } from "../../src/check/config.ts";
import { rules } from "../../src/check/finding.ts";
import { faults } from "./faults.ts";
import { inPlace, statement } from "./plants.ts";
import { type Plant, planted } from "./sample.ts";

const today = "2026-11-29";
const findingsOf = (plant: Plant, exceptions: readonly CheckException[] = []) =>
  checkArchitecture({ files: planted(plant), config: { exceptions }, today }).findings;
const brief = (plant: Plant) => findingsOf(plant).map(({ rule, file }) => `${rule} ${file}`);

describe("a project that breaks no rule", () => {
  it("has no findings", () => assert.deepEqual(findingsOf({}), []));
  it("is read as a whole", () => {
    const { counts } = checkArchitecture({ files: planted({}), today });
    assert.deepEqual(
      { ...counts, sources: counts.sources > 10 },
      { sources: true, tests: 2, modules: 3, operations: counts.operations, excepted: 0 },
    );
  });
});

describe("planted faults", () => {
  it("are at least 50, and of every rule", () => {
    assert.ok(faults.length >= 50);
    const ofFaults = new Set(faults.map(([, rule]) => rule));
    assert.deepEqual(
      rules.filter((rule) => !ofFaults.has(rule)),
      ["exception-expired", "exception-unused"],
    );
  });
  for (const [what, rule, file, plant] of faults)
    it(`${rule}: ${what}`, () =>
      assert.ok(brief(plant).includes(`${rule} ${file}`), `found instead: ${brief(plant).join("; ") || "nothing"}`));
});

const harmless: readonly [string, Plant][] = [
  [
    "operations that call each other's modules",
    {
      edits: {
        "src/catalog/operations/take-stock.ts": [
          ["\n", '\nimport * as orders from "../../orders/contract.ts";\nexport const known = [orders.getOrder];\n'],
        ],
      },
    },
  ],
  [
    "SQL of two modules in one file",
    {
      files: {
        "src/one/both.ts":
          'import { module } from "plimsoll";\nexport const a = module("a", { schema: "a" });\nexport const b = module("b", { schema: "b" });\nexport const all = ({ sql }) => sql`select id from a.rows join b.rows on true`.many();\n',
      },
    },
  ],
  [
    "a client that plimsoll makes, named by what a command passes on",
    inPlace("await hooks.register(orderId);", 'import { upstream } from "plimsoll/upstream";\nconst hooks = upstream("hooks", {});'),
  ],
  ["a resource that a contract passes on", { edits: { "src/notices/contract.ts": [["\n", '\nexport { mailer } from "./mailer.ts";\n']] } }],
  ["an alias with the name of another schema", statement("select catalog.id from orders.orders as catalog")],
  ["an alias without as", statement("select catalog.id from orders.orders catalog where catalog.id = 1")],
  ["a common table expression with such a name", statement("with catalog as (select 1 as id) select catalog.id from catalog")],
  ["another schema in a text of SQL", statement("select 'from catalog.products' as id from orders.orders")],
  ["another schema in a comment of SQL", statement("select id -- as in catalog.products\n from orders.orders")],
  ["a function of plimsoll", statement("select plimsoll.now() as id, extract(epoch from plimsoll.now()) from orders.orders")],
  ["the catalogue of PostgreSQL", statement("select count(*) as id from pg_catalog.pg_tables")],
  ["is distinct from", statement("select id from orders.orders o where o.a is distinct from o.b for update of o")],
  ["another schema in a comment of TypeScript", inPlace("// sql`select id from catalog.products`")],
  ["another schema in a sentence", inPlace('const text = "Update catalog.products first, or select what catalog.products holds.";')],
  ["fetch in a comment", inPlace('/* await fetch("https://a.example"); */')],
  ["fetch in a text", inPlace('const text = "await fetch()";')],
  ["a member named fetch", inPlace("repository.fetch(orderId);")],
  ["a key named fetch", inPlace("const options = { fetch: false };")],
  ["a parameter named fetch", inPlace("[1].map((fetch) => fetch);")],
  ["a function of its own named fetch", inPlace("fetch(orderId);", "const fetch = (id: string) => id;")],
  [
    "a harmless function beside a client",
    {
      ...inPlace("format(orderId);", 'import { format } from "../format.ts";'),
      files: {
        "src/orders/format.ts":
          'import { request } from "undici";\nexport const format = (id: string) => id;\nexport const send = () => request("https://a.example");\n',
      },
    },
  ],
  ["a type of a client", inPlace("const client: Dispatcher | undefined = undefined;", 'import type { Dispatcher } from "undici";')],
  [
    "a task started by a command",
    inPlace(
      "await start(mail, {});",
      'import { task } from "plimsoll";\nconst mail = task("orders.mail", { run: async () => fetch("https://a.example") });',
    ),
  ],
  [
    "a resource of another module as a port",
    { edits: { "src/orders/contract.ts": [["\n", '\nimport { mailer } from "../notices/mailer.ts";\n']] } },
  ],
  ["a division that looks like a regular expression", inPlace("const half = total(1) / 2; const text = 'fetch(' + half / 2;")],
  ["a regular expression with a quote", inPlace("const quoted = /[\"'`]/.test(orderId);")],
  ["a template in a template", inPlace("const text = `a $" + "{`b $" + "{orderId}`} fetch(`;")],
  [
    "a secret that says whether there is one",
    {
      edits: {
        "src/orders/contract.ts": [
          [
            "output: z.object({ orderId: z.uuid() })",
            "output: z.object({ orderId: z.uuid(), hasPassword: z.boolean(), nextPageToken: z.string() })",
          ],
        ],
      },
    },
  ],
  [
    "a secret that is marked where it is declared",
    {
      edits: {
        "src/orders/contract.ts": [
          [
            "export { Order };",
            'export { Order };\nimport { secret } from "plimsoll";\nconst Word = secret(z.string());\nexport const Login = z.object({ password: Word.optional() });',
          ],
        ],
      },
    },
  ],
  [
    "a file of the composition root that knows everything",
    {
      files: {
        "src/tools.ts":
          'import { send } from "./notices/client.ts";\nimport { orders } from "./orders/module.ts";\nexport const all = [send, orders];\n',
      },
    },
  ],
  [
    "a test that imports everything",
    {
      files: {
        "src/orders/place.test.ts": 'import { takeStock } from "../catalog/operations/take-stock.ts";\nawait fetch("https://a.example");\n',
      },
    },
  ],
  [
    "statements without semicolons",
    {
      files: {
        "src/orders/loose.ts":
          'import { cents } from "../shared/money.ts"\nconst a = cents(1)\nexport const b = () => a\nexport function c() { return b() }\n',
      },
    },
  ],
];

describe("what looks like a fault", () => {
  for (const [what, plant] of harmless) it(`is none: ${what}`, () => assert.deepEqual(brief(plant), []));
});

describe("a finding", () => {
  it("has the line, and the shortest way through files", () => {
    const [, , , plant] = faults.find(([what]) => what.includes("three files"))!;
    const finding = findingsOf(plant).find(({ rule }) => rule === "network-in-transaction")!;
    assert.equal(finding.who, "command orders.place");
    assert.deepEqual(
      finding.path.map(({ file, name }) => `${file} ${name}`),
      ["src/orders/operations/place-order.ts a", "src/orders/a.ts b", "src/orders/c.ts fetch"],
    );
    assert.equal(finding.line, finding.path[0]!.line);
  });
  it("of SQL has the line of the table, not of the statement", () => {
    const [finding] = findingsOf(statement("select o.id\n from orders.orders o\n join catalog.products p on true"));
    assert.equal(finding!.line, 6);
  });
  it("comes with all others at once, in the order of files and lines", () => {
    const findings = findingsOf({
      edits: { ...statement("select id from catalog.products").edits, ...inPlace('await fetch("https://a.example");').edits },
    });
    assert.deepEqual(
      findings.map(({ rule }) => rule),
      ["foreign-sql", "network-in-transaction"],
    );
  });
});

describe("an exception", () => {
  const plant = statement("select id from catalog.products");
  const exception = { rule: "foreign-sql", file: "src/orders/**", reason: "until the projection is there", until: "2026-12-31" } as const;
  it("excuses what it names, until its day", () => {
    assert.deepEqual(findingsOf(plant, [exception]), []);
    assert.deepEqual(findingsOf(plant, [{ ...exception, until: today }]), [], "its last day counts");
  });
  it("that has ended excuses nothing, and says so", () =>
    assert.deepEqual(
      findingsOf(plant, [{ ...exception, until: "2026-11-28" }]).map(({ rule }) => rule),
      ["exception-expired", "foreign-sql"],
    ));
  it("of another rule or file excuses nothing", () => {
    for (const other of [
      { ...exception, rule: "event-loop" },
      { ...exception, file: "src/catalog/**" },
    ] as const)
      assert.deepEqual(
        findingsOf(plant, [other]).map(({ rule }) => rule),
        ["exception-unused", "foreign-sql"],
      );
  });
});
