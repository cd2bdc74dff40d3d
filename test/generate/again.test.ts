// Generating again, in memory: what a person changed stays, and what the design changed comes.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { lintMigrations } from "../../src/generate/database/lint.ts";
import type { Manifest } from "../../src/generate/folder/manifest.ts";
import { type GenerationPlan, planGeneration } from "../../src/generate/folder/plan.ts";
import { modelOf } from "./designs.ts";

interface Wishes {
  readonly currency: boolean;
  readonly refunds: boolean;
  readonly reviews: boolean;
  readonly items: boolean;
  readonly removes: boolean;
  readonly lists: boolean;
}
const few: Wishes = { lists: false, currency: false, refunds: false, reviews: false, items: true, removes: true };

function prdOf({ lists, currency, refunds, reviews, items, removes }: Wishes): string {
  return [
    "# Orders\n\n## Data model\n",
    `- **Order**: total, note, status${currency ? ", currency" : ""}`,
    ...(items ? ["- **Order Item**: order_id, sku, quantity"] : []),
    ...(reviews ? ["- **Review**: rating, text"] : []),
    "\n## API\n\n- POST /orders\n- GET /orders/{id}\n- POST /orders/{id}/cancel",
    ...(lists ? ["- GET /orders"] : []),
    ...(refunds ? ["- POST /orders/{id}/refund"] : []),
    ...(items ? ["- POST /orders/{id}/items"] : []),
    ...(removes ? ["- DELETE /orders/{id}"] : []),
    ...(reviews ? ["- POST /reviews", "- GET /reviews"] : []),
    "\nSeveral tenants share it.\n",
  ].join("\n");
}

/** A folder in memory. */
class Folder {
  readonly files = new Map<string, string>();
  before: Manifest | undefined;

  plan(wishes: Wishes): GenerationPlan {
    return planGeneration(modelOf(prdOf(wishes)), { present: this.files, before: this.before });
  }

  generate(wishes: Wishes): GenerationPlan {
    const plan = this.plan(wishes);
    for (const [path, text] of plan.write) this.files.set(path, text);
    for (const path of plan.remove) this.files.delete(path);
    this.before = JSON.parse(JSON.stringify(plan.manifest)) as Manifest;
    return plan;
  }

  edit(path: string, line: string, at = 0): void {
    const lines = this.files.get(path)!.split("\n");
    this.files.set(path, lines.toSpliced(at % (lines.length + 1), 0, line).join("\n"));
  }

  text(path: string): string {
    return this.files.get(path) ?? assert.fail(`no ${path}`);
  }
}

function made(wishes: Wishes = few): Folder {
  const folder = new Folder();
  folder.generate(wishes);
  return folder;
}

describe("generating again", () => {
  it("loses none of a person's lines, whatever is edited and whatever changes", () => {
    const wishes = fc.record({
      lists: fc.boolean(),
      currency: fc.boolean(),
      refunds: fc.boolean(),
      reviews: fc.boolean(),
      items: fc.boolean(),
      removes: fc.boolean(),
    });
    const edit = fc.record({ which: fc.nat(), at: fc.nat({ max: 60 }), isHandler: fc.boolean() });
    const step = fc.record({ edits: fc.array(edit, { minLength: 1, maxLength: 12 }), wishes });
    let edits = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
        const folder = made();
        const mine = new Map<string, string[]>();
        for (const { edits: all, wishes: next } of steps) {
          for (const { which, at, isHandler } of all) {
            const paths = [...folder.files.keys()].filter((path) => !isHandler || path.includes("/operations/"));
            const path = paths[which % paths.length]!;
            const line = `// mine ${++edits}`;
            folder.edit(path, line, at);
            mine.set(path, [...(mine.get(path) ?? []), line]);
          }
          folder.generate(next);
          for (const [path, lines] of mine)
            for (const line of lines) assert.ok(folder.text(path).split("\n").includes(line), `${path} lost ${line}`);
        }
      }),
      { numRuns: 25 },
    );
    assert.ok(edits >= 50, `${edits} edits`);
  });

  it("writes nothing where nothing changed", () => {
    const plan = made().plan(few);
    assert.deepEqual([plan.write.size, plan.remove, plan.kept, plan.left], [0, [], [], []]);
  });

  it("ends as a whole generation does, wherever an earlier one stopped", () => {
    const whole = made({ ...few, currency: true });
    const paths = [
      ...made()
        .plan({ ...few, currency: true })
        .write.keys(),
    ];
    for (let stop = 0; stop <= paths.length; stop++) {
      const folder = made();
      const { write } = folder.plan({ ...few, currency: true });
      for (const [path, text] of [...write].slice(0, stop)) folder.files.set(path, text);
      const { kept } = folder.generate({ ...few, currency: true });
      assert.deepEqual(kept, [], `stopped after ${stop}`);
      assert.equal([...folder.files.keys()].filter((path) => path.endsWith(".sql")).length, 2, `stopped after ${stop}`);
      assert.equal(folder.text("src/orders/contract.ts").includes("currency"), true);
    }
    assert.ok(whole.files.size > 20);
  });

  it("a new field comes by a migration, into statements that a person wrote too", () => {
    const folder = made();
    folder.edit("src/orders/operations/create-order.ts", "// mine");
    const { migrations } = folder.generate({ ...few, currency: true });
    assert.deepEqual(migrations, ["src/orders/migrations/0002_change_orders.sql"]);
    assert.equal(folder.text(migrations[0]!), "alter table orders.orders add column currency text check (length(currency) <= 200);\n");
    assert.match(folder.text("src/orders/contract.ts"), /NewOrder = z\.object\(\{[^}]*currency: z\.string\(\)\.trim\(\)/);
    assert.match(folder.text("src/orders/contract.ts"), /export const Order = z\.object\(\{[^}]*currency: z\.string\(\)\.nullable\(\)/);
    assert.match(folder.text("src/orders/tables.ts"), /names: sqlFragment`total_cents, note, currency`/);
  });

  it("a field that goes stays in the database, may be empty, and comes back without a second column", () => {
    const folder = made({ ...few, currency: true });
    const { migrations } = folder.generate(few);
    assert.match(
      folder.text(migrations[0]!),
      /^-- The design does not have currency[^\n]*\nalter table orders\.orders alter column currency drop not null;\n$/,
    );
    const { migrations: back } = folder.generate({ ...few, currency: true });
    assert.deepEqual(back, []);
    assert.match(folder.text("src/orders/contract.ts"), /currency: z\.string\(\)\.nullable\(\)/);
  });

  it("a new status is allowed by a constraint that is validated apart", () => {
    const folder = made();
    const { migrations } = folder.generate({ ...few, refunds: true });
    assert.match(folder.text(migrations[0]!), /check \(status in \('created', 'cancelled', 'refunded'\)\) not valid;\n$/);
    assert.equal(folder.text(migrations[1]!), "alter table orders.orders validate constraint orders_status_check;\n");
    assert.match(folder.text("src/orders/operations/refund-order.ts"), /statusAfterRefundOrder/);
  });

  it("a read that comes has an index, which is made while others write; nothing that is written locks or loses", () => {
    const folder = made();
    const { migrations } = folder.generate({ ...few, refunds: true, currency: true, lists: true });
    assert.equal(
      folder.text(migrations.at(-1)!),
      "-- plimsoll: no-transaction\ncreate index concurrently if not exists orders_by_owner on orders.orders (tenant_id, owner_id, id);\n",
    );
    assert.deepEqual(lintMigrations(new Map(migrations.map((path) => [path, folder.text(path)]))), []);
  });

  it("an operation that goes takes its handler along, unless a person changed it", () => {
    assert.deepEqual(made().plan({ ...few, removes: false }).remove, ["src/orders/operations/remove-order.ts"]);
    const folder = made();
    folder.edit("src/orders/operations/remove-order.ts", "// mine");
    const { remove, left } = folder.generate({ ...few, removes: false });
    assert.deepEqual([remove, left], [[], ["src/orders/operations/remove-order.ts"]]);
  });

  it("a file of the design that a person changed is kept and named, again and again", () => {
    const folder = made();
    folder.edit("src/orders/contract.ts", "// mine");
    for (let times = 0; times < 2; times++) assert.deepEqual(folder.generate({ ...few, currency: true }).kept, ["src/orders/contract.ts"]);
  });

  it("what a person removed stays away; what the code needs comes back", () => {
    const folder = made();
    folder.files.delete("README.md");
    folder.files.delete("src/orders/module.ts");
    const plan = folder.generate(few);
    assert.deepEqual([[...plan.write.keys()], plan.left], [["src/orders/module.ts"], ["README.md"]]);
  });

  it("a file that was there before the first generation is a person's", () => {
    const folder = new Folder();
    folder.files.set("package.json", "{}");
    folder.files.set("src/orders/contract.ts", "// mine\n");
    const plan = folder.generate(few);
    assert.deepEqual(plan.kept, ["src/orders/contract.ts"]);
    assert.equal(folder.text("package.json"), "{}");
  });

  it("line ends of another system are no change", () => {
    const folder = made();
    for (const [path, text] of folder.files) folder.files.set(path, text.replaceAll("\n", "\r\n"));
    assert.deepEqual([folder.plan(few).write.size, folder.plan(few).kept], [0, []]);
  });

  it("a migration of a person keeps its number", () => {
    const folder = made();
    folder.files.set("src/orders/migrations/0002_mine.sql", "select 1;\n");
    assert.deepEqual(folder.plan({ ...few, currency: true }).migrations, ["src/orders/migrations/0003_change_orders.sql"]);
  });
});
