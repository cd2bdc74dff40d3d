// Faults of architecture, each planted into the sample: what is changed, and the rule and the file that must be named.
import { network, others } from "./more-faults.ts";
import { contract, domain, type Fault, get, inPlace, into, notices, place, reactions, statement, swap } from "./plants.ts";

const layers: readonly Fault[] = [
  ["a domain imports an operation", "domain-outward", domain, into(domain, 'import { placeOrder } from "./operations/place-order.ts";')],
  ["a domain imports its contract", "domain-outward", domain, into(domain, 'import type { placeOrder } from "./contract.ts";')],
  [
    "a domain imports another module's contract",
    "domain-outward",
    domain,
    into(domain, 'import { takeStock } from "../catalog/contract.ts";'),
  ],
  ["a domain imports a driver", "domain-outward", domain, into(domain, 'import pg from "pg";')],
  ["a domain imports HTTP", "domain-outward", domain, into(domain, 'import { get } from "node:http";')],
  ["a domain reads files", "domain-outward", domain, into(domain, 'import { readFileSync } from "node:fs";')],
  ["a domain imports an edge of plimsoll", "domain-outward", domain, into(domain, 'import { postgres } from "plimsoll/postgres";')],
  ["a domain loads a driver later", "domain-outward", domain, into(domain, 'export const load = () => import("pg");')],
  ["a domain re-exports an operation", "domain-outward", domain, into(domain, 'export { placeOrder } from "./operations/place-order.ts";')],
  [
    "a domain imports outward through a shared file",
    "domain-outward",
    domain,
    into("src/shared/money.ts", 'import { orders } from "../orders/module.ts";'),
  ],
  [
    "a domain in a folder imports outward",
    "domain-outward",
    "src/orders/domain/price.ts",
    { files: { "src/orders/domain/price.ts": 'import { getOrder } from "../contract.ts";\nexport const price = getOrder;\n' } },
  ],
  [
    "a contract holds SQL",
    "contract-with-implementation",
    contract,
    into(contract, "export const all = ({ sql }) => sql`select id from orders.orders`.many();"),
  ],
  ["a contract imports a client", "contract-with-implementation", contract, into(contract, 'import axios from "axios";')],
  ["a contract imports its module", "contract-with-implementation", contract, into(contract, 'import { orders } from "./module.ts";')],
  [
    "a contract re-exports an implementation",
    "contract-with-implementation",
    "src/notices/contract.ts",
    into(notices, 'export { format } from "./client.ts";'),
  ],
];

const boundaries: readonly Fault[] = [
  [
    "a contract passes an implementation on in two lines",
    "contract-with-implementation",
    notices,
    into(notices, 'import { format } from "./client.ts";\nexport { format };'),
  ],
  [
    "an operation imports another's operation",
    "foreign-module",
    place,
    into(place, 'import { takeStock } from "../../catalog/operations/take-stock.ts";'),
  ],
  ["an operation imports another's module", "foreign-module", place, into(place, 'import { catalog } from "../../catalog/module.ts";')],
  ["an operation imports another's client", "foreign-module", place, into(place, 'import { format } from "../../notices/client.ts";')],
  [
    "an operation imports a type of another",
    "foreign-module",
    place,
    into(place, 'import type { takeStock as T } from "../../catalog/operations/take-stock.ts";'),
  ],
  [
    "an operation imports another's domain",
    "foreign-module",
    "src/notices/operations/send-mail.ts",
    into("src/notices/operations/send-mail.ts", 'import { total } from "../../orders/domain.ts";'),
  ],
  ["an operation loads another's file later", "foreign-module", place, inPlace('await import("../../notices/client.ts");')],
  [
    "an operation names a type by import()",
    "foreign-module",
    place,
    into(place, 'type F = typeof import("../../notices/client.ts").format;'),
  ],
  ["a contract imports another's client", "foreign-module", contract, into(contract, 'import { format } from "../notices/client.ts";')],
  [
    "a shared file leads into a module",
    "foreign-module",
    place,
    {
      files: { "src/shared/all.ts": 'export { format } from "../notices/client.ts";\n' },
      edits: { [place]: [["\n", '\nimport { format } from "../../shared/all.ts";\n']] },
    },
  ],
  ["an import without .ts", "foreign-module", place, into(place, 'import { format } from "../../notices/client";')],
  ["an import by .js", "foreign-module", place, into(place, 'import { format } from "../../notices/client.js";')],
  ["an operation imports the composition root", "imports-root", place, into(place, 'import { app } from "../../app.ts";')],
  [
    "a domain's neighbour imports the root through a shared file",
    "imports-root",
    get,
    {
      files: { "src/shared/here.ts": 'import { app } from "../app.ts";\nexport const here = app;\n' },
      edits: { [get]: [["\n", '\nimport { here } from "../../shared/here.ts";\n']] },
    },
  ],
  [
    "two contracts import each other",
    "contract-ring",
    contract,
    {
      edits: {
        "src/catalog/contract.ts": [["\n", '\nimport { getOrder } from "../orders/contract.ts";\n']],
        [contract]: [["\n", '\nimport { takeStock } from "../catalog/contract.ts";\n']],
      },
    },
  ],
  [
    "three contracts import each other",
    "contract-ring",
    contract,
    {
      edits: {
        "src/catalog/contract.ts": [["\n", '\nimport type { sendMail } from "../notices/contract.ts";\n']],
        [notices]: [["\n", '\nimport { orderPlaced } from "../orders/contract.ts";\n']],
        [contract]: [["\n", '\nimport { takeStock } from "../catalog/contract.ts";\n']],
      },
    },
  ],
];

const sql: readonly Fault[] = [
  ["a select of another schema", "foreign-sql", get, statement("select id from catalog.products")],
  [
    "a join of another schema",
    "foreign-sql",
    get,
    statement("select o.id from orders.orders o join catalog.products p on p.id = o.product_id"),
  ],
  [
    "a subquery of another schema",
    "foreign-sql",
    get,
    statement("select id from orders.orders where product_id in (select id from catalog.products)"),
  ],
  ["an insert into another schema", "foreign-sql", get, statement("insert into notices.sent (order_id) values (1)")],
  ["an update of another schema", "foreign-sql", get, statement("update catalog.products set stock = 0")],
  ["a delete from another schema", "foreign-sql", get, statement("delete from catalog.products")],
  ["a quoted schema", "foreign-sql", get, statement('select id from "catalog"."products"')],
  ["another case of the schema", "foreign-sql", get, statement("SELECT id FROM Catalog.Products")],
  ["a function of another schema", "foreign-sql", get, statement("select catalog.price_of(1) as id")],
  ["a schema of no module", "foreign-sql", get, statement("select id from public.legacy_orders")],
  // tidy-allow: it is what the checker must refuse.
  ["a table of plimsoll", "foreign-sql", get, statement("select id from plimsoll.tasks")],
  [
    "a text of unsafe SQL",
    "foreign-sql",
    get,
    swap(get, "sql(orders.Order)`", 'sql.unsafe("select id from catalog.products");\n  sql(orders.Order)`'),
  ],
  ["a fragment with the tag", "foreign-sql", place, into(place, "const joined = sqlFragment`join catalog.products p on true`;")],
  [
    "a row type between tag and text",
    "foreign-sql",
    place,
    inPlace("await sql<{ readonly id: string }>`select id from catalog.products`.many();"),
  ],
  ["a query builder", "foreign-sql", place, inPlace('await kysely.selectFrom("catalog.products").execute();')],
  [
    "a join of a query builder",
    "foreign-sql",
    place,
    inPlace('await kysely.selectFrom("orders.orders").innerJoin("catalog.products", "a", "b");'),
  ],
  [
    "a migration with a foreign key",
    "foreign-sql",
    "src/orders/migrations/0002_key.sql",
    {
      files: {
        "src/orders/migrations/0002_key.sql":
          "-- a key\nalter table orders.orders add foreign key (product_id) references catalog.products (id);\n",
      },
    },
  ],
  [
    "SQL of another module in a shared file",
    "foreign-sql",
    place,
    {
      files: { "src/shared/products.ts": "export const products = ({ sql }) => sql`select id from catalog.products`.many();\n" },
      edits: { [place]: [["\n", '\nimport { products } from "../../shared/products.ts";\n']] },
    },
  ],
  [
    "a projection into another schema",
    "foreign-sql",
    reactions,
    into(
      reactions,
      'export const seen = projection("notices.seen", { on: [orderPlaced], table: "orders.seen" });\nimport { projection } from "plimsoll";',
    ),
  ],
];

/** All of them. */
export const faults: readonly Fault[] = [...layers, ...boundaries, ...sql, ...network, ...others];
