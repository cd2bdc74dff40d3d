// Faults of transactions, events, tests and secrets.
import { contract, domain, type Fault, get, inPlace, into, notices, place, reactions, swap } from "./plants.ts";

/** Ways to the network. */
export const network: readonly Fault[] = [
  ["a command fetches", "network-in-transaction", place, inPlace('await fetch("https://a.example");')],
  ["a command fetches by globalThis", "network-in-transaction", place, inPlace('await globalThis.fetch("https://a.example");')],
  ["a query fetches", "network-in-transaction", get, swap(get, "  sql(orders.Order)", '  fetch("https://a.example") && sql(orders.Order)')],
  ["a command opens a socket", "network-in-transaction", place, inPlace("connect(80);", 'import { connect } from "node:net";')],
  [
    "a command asks by node:https",
    "network-in-transaction",
    place,
    inPlace('https.get("https://a.example");', 'import https from "node:https";'),
  ],
  ["a command opens a WebSocket", "network-in-transaction", place, inPlace('new WebSocket("wss://a.example");')],
  ["a command loads a client later", "network-in-transaction", place, inPlace('const { request } = await import("undici");')],
  ["a command uses a package", "network-in-transaction", place, inPlace("await axios.get(orderId);", 'import axios from "axios";')],
  [
    "a command uses a client of a service",
    "network-in-transaction",
    place,
    inPlace("await stripe.charges.create({});", 'import Stripe from "stripe";\nconst stripe = new Stripe("key");'),
  ],
  [
    "a command uses a client by its file",
    "network-in-transaction",
    place,
    {
      files: {
        "src/orders/pay.ts":
          'import Stripe from "stripe";\nconst stripe = new Stripe("key");\nexport const pay = (id: string) => stripe.charges.create({ id });\n',
      },
      ...inPlace("await pay(orderId);", 'import { pay } from "../pay.ts";'),
    },
  ],
  [
    "a command uses a client by a namespace",
    "network-in-transaction",
    place,
    {
      files: { "src/orders/pay.ts": "export const pay = (id: string) => fetch(id);\n" },
      ...inPlace("await client.pay(orderId);", 'import * as client from "../pay.ts";'),
    },
  ],
  [
    "a command uses a client through three files",
    "network-in-transaction",
    place,
    {
      files: {
        "src/orders/a.ts": 'import { b } from "./b.ts";\nexport const a = () => b();\n',
        "src/orders/b.ts": 'export { c as b } from "./c.ts";\n',
        "src/orders/c.ts": 'export function c() { return fetch("https://a.example"); }\n',
      },
      ...inPlace("await a();", 'import { a } from "../a.ts";'),
    },
  ],
  [
    "a command uses a class that fetches",
    "network-in-transaction",
    place,
    inPlace("await new Rates().load();", 'class Rates { async load() { return fetch("https://a.example"); } }'),
  ],
  [
    "a query with its own run fetches",
    "network-in-transaction",
    contract,
    into(
      contract,
      'export const now = query("orders.now", { run: async () => fetch("https://a.example"), http: "GET /v1/orders/{orderId}" });',
    ),
  ],
  [
    "what decides who owns fetches",
    "network-in-transaction",
    contract,
    swap(contract, "output: Order, access", 'owns: async () => fetch("https://a.example"), output: Order, access'),
  ],
  [
    "a command takes a resource",
    "network-in-transaction",
    contract,
    swap(contract, "emits: [orderPlaced]", "uses: { orderPlaced }, emits: [orderPlaced]"),
  ],
  [
    "the commit of a subscription fetches",
    "network-in-transaction",
    reactions,
    swap(reactions, "commit(({ sql }) => sql", 'commit(async ({ sql }) => (await fetch("https://a.example")) && sql'),
  ],
  [
    "the commit of a task sends",
    "network-in-transaction",
    "src/notices/operations/send-mail.ts",
    swap(
      "src/notices/operations/send-mail.ts",
      "async ({ to }) => { await send(to); }",
      "async ({ to }, { commit }) => { await commit(() => send(to)); }",
    ),
  ],
  [
    "a handler with a name of its own fetches",
    "network-in-transaction",
    place,
    {
      edits: {
        [place]: [
          ["implement(orders.placeOrder, async", "implement(orders.placeOrder, handle);\nconst handle = (async"],
          ["return { orderId };\n});", 'await fetch("https://a.example");\n  return { orderId };\n});'],
        ],
      },
    },
  ],
];

/** Events, tests and secrets. */
export const others: readonly Fault[] = [
  [
    "two modules react to each other",
    "event-loop",
    contract,
    {
      edits: {
        [notices]: [
          ["export const sendMail", 'export const sent = event("notices.sent", { data: z.object({}) });\nexport const sendMail'],
          ["import { action,", "import { action, event,"],
        ],
        [contract]: [
          ["import { command,", "import { command, subscription,"],
          [
            "export { Order };",
            'export { Order };\nimport { sent } from "../notices/contract.ts";\nexport const onSent = subscription("orders.on-sent", { on: [sent], budget: "1s", async run() {} });',
          ],
        ],
      },
    },
  ],
  [
    "three modules react in a ring, through a list",
    "event-loop",
    reactions,
    {
      files: {
        "src/catalog/reactions.ts":
          'import { event, subscription } from "plimsoll";\nimport { sent } from "../notices/events.ts";\nexport const counted = event("catalog.counted", {});\nconst all = [sent];\nexport const onSent = subscription("catalog.on-sent", { on: all, async run() {} });\n',
        "src/notices/events.ts": 'import { event } from "plimsoll";\nexport const sent = event("notices.sent", {});\n',
        "src/orders/reactions.ts":
          'import { subscription } from "plimsoll";\nimport { counted } from "../catalog/reactions.ts";\nexport const onCounted = subscription("orders.on-counted", { on: [counted], async run() {} });\n',
      },
    },
  ],
  ["a query without a test", "untested-contract", contract, { files: { "test/orders.test.ts": 'await call("orders.place");\n' } }],
  [
    "a command whose test is of another route",
    "untested-contract",
    "src/catalog/contract.ts",
    swap("test/rest.test.ts", "catalog.import-prices", "catalog.export-prices"),
  ],
  [
    "a task that is named in a comment of its source alone",
    "untested-contract",
    notices,
    swap("test/rest.test.ts", 'await start("notices.send");', ""),
  ],
  ["a saga without a test", "untested-contract", reactions, swap("test/rest.test.ts", 'await start("notices.welcome");', "")],
  [
    "a subscription whose event no tested command emits",
    "untested-contract",
    reactions,
    { edits: { [contract]: [["emits: [orderPlaced], ", ""]], [place]: [["  emit(orders.orderPlaced, { orderId });\n", ""]] } },
  ],
  [
    "a longer route does not test a shorter",
    "untested-contract",
    contract,
    swap("test/orders.test.ts", "/v1/orders/$" + "{id}", "/v1/orders/$" + "{id}/lines"),
  ],
  ["a password", "unmarked-secret", contract, swap(contract, "z.object({ productId: z.uuid() })", "z.object({ password: z.string() })")],
  [
    "an API key in an output",
    "unmarked-secret",
    contract,
    swap(contract, "output: z.object({ orderId: z.uuid() })", "output: z.object({ orderId: z.uuid(), apiKey: z.string() })"),
  ],
  [
    "a refresh token in snake case",
    "unmarked-secret",
    contract,
    swap(contract, "z.object({ productId: z.uuid() })", "z.strictObject({ refresh_token: z.string().min(1) })"),
  ],
  [
    "a secret behind a name that is not marked",
    "unmarked-secret",
    contract,
    swap(
      contract,
      "export { Order };",
      "export { Order };\nconst Word = z.string().max(9);\nexport const Login = z.object({ oldPassword: Word });",
    ),
  ],
  ["a secret in an extension", "unmarked-secret", domain, into(domain, "export const Account = Order.extend({ cardNumber: z.string() });")],
  [
    "a card's code in a list of a shorthand",
    "unmarked-secret",
    domain,
    into(domain, "const cvc = z.string();\nexport const Card = z.object({ cvc });"),
  ],
  [
    "a variable of the configuration",
    "unmarked-secret",
    "src/settings.ts",
    swap("src/settings.ts", "field(z.string(), { secret: true })", "field(z.string())"),
  ],
  [
    "a private key in the source",
    "secret-in-source",
    "src/settings.ts",
    into("src/settings.ts", `const key = "-----BEGIN ${"PRIVATE"} KEY-----\\nMIIEvQ";`),
  ],
  ["a key of a cloud in the source", "secret-in-source", "src/app.ts", into("src/app.ts", `const id = "AKIA${"IOSFODNN7EXAMPLE"}";`)],
  [
    "a password in an address",
    "secret-in-source",
    "src/app.ts",
    swap("src/app.ts", 'url: ""', 'url: "postgres://app:hunter22@db.example.com/app"'),
  ],
];
