import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import { createApp } from "../../src/app/app.ts";
import { type Fault, fault } from "../../src/core/fault.ts";
import { secret } from "../../src/core/schema.ts";
import { http } from "../../src/http/http.ts";
import { signedIn } from "../../src/operation/access.ts";
import type { Operation, OperationSpec } from "../../src/operation/contract.ts";
import type { Implementation } from "../../src/operation/implement.ts";
import { type ModuleSpec, module } from "../../src/operation/module.ts";
import { resource } from "../../src/operation/resource.ts";
import type { StartProblem } from "../../src/pipeline/registry/problem.ts";

// Most of these do not compile; a caller without types, or with a cast, finds them out here.

/** An operation that is right but for what the test says. */
function operation(kind: Operation["kind"], name: string, spec: Record<string, unknown> = {}): Operation {
  const right = { input: z.object({ id: z.string() }), output: z.object({}), access: "public", budget: "1s", run: async () => ({}) };
  return { kind, name, spec: { ...right, ...spec } as unknown as OperationSpec };
}

const problemsOf = (modules: readonly ReturnType<typeof module>[]): readonly StartProblem[] => {
  try {
    createApp({ modules, surfaces: [http({ port: false })] });
    return [];
  } catch (error) {
    const { code, type, details, message } = error as Fault<{ problems: readonly StartProblem[] }>;
    assert.deepEqual([code, type], ["failed_precondition", "app_invalid"]);
    for (const problem of details.problems) assert.ok(message.includes(`  ${problem.where}: ${problem.field}: ${problem.message}`));
    assert.equal(message.split("\n").length - 1, details.problems.length, "one line each");
    return details.problems;
  }
};

const inOne = (...operations: readonly (Operation | Implementation)[]) => [module("t", { operations })];
const empty = (name: string, spec: Partial<ModuleSpec> = {}) => module(name, { operations: [], ...spec });
const Leaky = fault("leaky", { code: "not_found", details: z.object({ password: secret(z.string()) }), message: "no" });
const odd = (status: number) => fault("odd", { code: "not_found", message: "no", status });
const [mailer, otherMailer] = [resource("mailer", { create: () => 1 }), resource("mailer", { create: () => 2 })];

type Row = readonly [why: string, modules: readonly ReturnType<typeof module>[], where: string, field: string, says: RegExp];
const rows: readonly Row[] = [
  ["two operations of one name", inOne(operation("action", "t.a"), operation("action", "t.a")), "t.a", "name", /Rename one/],
  ["a name of another module", inOne(operation("action", "u.a")), "u.a", "name", /begin with its module/],
  ["a name in capitals", inOne(operation("action", "t.Place")), "t.Place", "name", /lower case/],
  ["a name that is only the module", inOne(operation("action", "t.")), "t.", "name", /lower case/],
  ["a contract without an implementation", inOne(operation("command", "t.a", { run: undefined })), "t.a", "run", /List implement/],
  [
    "two bodies",
    inOne({ kind: "implementation", operation: operation("command", "t.a"), run: async () => ({}) } as Implementation),
    "t.a",
    "run",
    /Remove one/,
  ],
  ["no access", inOne(operation("action", "t.a", { access: undefined })), "t.a", "access", /signedIn\(\)/],
  ["an access that is no rule", inOne(operation("action", "t.a", { access: "all" })), "t.a", "access", /"public"/],
  ["no budget", inOne(operation("action", "t.a", { budget: undefined })), "t.a", "budget.deadline", /1ms to 10m/],
  ["a deadline that is none", inOne(operation("action", "t.a", { budget: "2 seconds" })), "t.a", "budget.deadline", /"2 seconds"/],
  ["a deadline of nothing", inOne(operation("action", "t.a", { budget: 0 })), "t.a", "budget.deadline", /1ms to 10m/],
  ["a deadline that is too long", inOne(operation("action", "t.a", { budget: "11m" })), "t.a", "budget.deadline", /1ms to 10m/],
  ...(["concurrency", "queries", "calls"] as const).flatMap((field) =>
    [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001, "8"].map(
      (value): Row => [
        `a ${field} of ${JSON.stringify(value)} (${value})`,
        inOne(operation("action", "t.a", { budget: { deadline: "1s", [field]: value } })),
        "t.a",
        `budget.${field}`,
        /whole number from 1 to 1000000/,
      ],
    ),
  ),
  ["a queue below nothing", inOne(operation("action", "t.a", { budget: { deadline: "1s", queue: -1 } })), "t.a", "budget.queue", /from 0/],
  ["a mode that is none", inOne(operation("action", "t.a", { budget: { deadline: "1s", mode: "on" } })), "t.a", "budget.mode", /"measure"/],
  [
    "a key that is kept too briefly",
    inOne(operation("command", "t.a", { budget: { deadline: "1s", idempotencyTtl: "1s" } })),
    "t.a",
    "budget.idempotencyTtl",
    /at least 1m/,
  ],
  ["no input", inOne(operation("action", "t.a", { input: undefined })), "t.a", "input", /Zod schema/],
  ["an output that is no schema", inOne(operation("action", "t.a", { output: {} })), "t.a", "output", /adaptSchema/],
  ["an input that is no object", inOne(operation("action", "t.a", { input: z.string() })), "t.a", "input", /z\.object/],
  [
    "a type without a JSON form",
    inOne(operation("action", "t.a", { output: z.object({ at: z.date() }) })),
    "t.a",
    "output",
    /no JSON form/,
  ],
  [
    "an async schema",
    inOne(operation("action", "t.a", { input: z.object({ id: z.string().refine(async () => true) }) })),
    "t.a",
    "input",
    /async/,
  ],
  ...[42, 200, 399, 600, 404.5, Number.NaN].map(
    (status): Row => [
      "a fault of an odd status",
      inOne(operation("action", "t.a", { faults: [odd(status)] })),
      "t.a",
      "faults",
      /from 400 to 599/,
    ],
  ),
  ["two faults of one type", inOne(operation("action", "t.a", { faults: [Leaky, Leaky] })), "t.a", "faults", /the same type/],
  ["a route that is none", inOne(operation("action", "t.a", { http: "POST things" })), "t.a", "http", /a verb and a path/],
  ["a verb that is none", inOne(operation("action", "t.a", { http: "FETCH /things" })), "t.a", "http", /a verb and a path/],
  ["GET on an action", inOne(operation("action", "t.a", { http: "GET /things" })), "t.a", "http", /Only a query/],
  ["GET on a command", inOne(operation("command", "t.a", { http: "GET /things" })), "t.a", "http", /Only a query/],
  ["a parameter that is not in the input", inOne(operation("action", "t.a", { http: "POST /things/{thing}" })), "t.a", "http", /\{thing\}/],
  ["a parameter twice", inOne(operation("action", "t.a", { http: "POST /things/{id}/parts/{id}" })), "t.a", "http", /twice/],
  [
    "two operations at one route",
    inOne(operation("action", "t.a", { http: "POST /things/{id}" }), operation("action", "t.b", { http: "POST /things/{id}" })),
    "t.b",
    "http",
    /t\.a has the route "POST \/things\/\{id\}" already/,
  ],
  [
    "two routes that differ in the parameter's name alone",
    inOne(
      operation("action", "t.a", { http: "POST /things/{id}" }),
      operation("action", "t.b", { input: z.object({ key: z.string() }), http: "POST /things/{key}" }),
    ),
    "t.b",
    "http",
    /already/,
  ],
  [
    "a status of failure",
    inOne(operation("action", "t.a", { http: { route: "POST /a", status: 404 } })),
    "t.a",
    "http.status",
    /200 to 299/,
  ],
  [
    "a version that is not in the input",
    inOne(operation("action", "t.a", { http: { route: "PUT /a", ifMatch: "version" } })),
    "t.a",
    "http.ifMatch",
    /no field "version"/,
  ],
  ["a resource that is none", inOne(operation("action", "t.a", { uses: { mailer: {} } })), "t.a", "uses.mailer", /resource\(name/],
  [
    "a resource that is missing",
    inOne(operation("action", "t.a", { uses: { mailer: undefined } })),
    "t.a",
    "uses.mailer",
    /resource\(name/,
  ],
  [
    "two resources of one name",
    inOne(operation("action", "t.a", { uses: { mailer } }), operation("action", "t.b", { uses: { mailer: otherMailer } })),
    "t.b",
    "uses.mailer",
    /Share the one/,
  ],
  ["a resource inside a transaction", inOne(operation("command", "t.a", { uses: { mailer } })), "t.a", "uses", /Make it an action/],
  [
    "a key scoped by a field that is missing",
    inOne(operation("command", "t.a", { idempotent: { key: "email" } })),
    "t.a",
    "idempotent",
    /"email"/,
  ],
  ["a key without an owner", inOne(operation("command", "t.a", { idempotent: "key" })), "t.a", "idempotent", /no actor to own the key/],
  [
    "a key without a transaction",
    inOne(operation("action", "t.a", { idempotent: "key", access: signedIn() })),
    "t.a",
    "idempotent",
    /command/,
  ],
  [
    "a secret that a record would keep",
    inOne(
      operation("command", "t.a", {
        idempotent: "key",
        access: signedIn(),
        output: z.object({ inner: z.object({ token: secret(z.string()) }) }),
      }),
    ),
    "t.a",
    "output",
    /a record would store it unencrypted/,
  ],
  [
    "a secret that a record would keep under a key of a stranger",
    inOne(operation("command", "t.a", { idempotent: { key: "id" }, output: z.object({ token: secret(z.string()) }) })),
    "t.a",
    "output",
    /a record would store it unencrypted/,
  ],
  [
    "a secret in a fault that a record would keep",
    inOne(operation("command", "t.a", { idempotent: "key", access: signedIn(), faults: [Leaky] })),
    "t.a",
    "faults",
    /leaky .*unencrypted/,
  ],
  ["two modules of one name", [empty("t"), empty("t")], "t", "name", /Rename one/],
  ["a module's name in capitals", [empty("Orders")], "Orders", "name", /lower case/],
  ["migrations without a schema", [empty("t", { migrations: new URL("file:///tmp/none/") })], "t", "schema", /names no schema/],
  ["two modules with one schema", [empty("t", { schema: "s" }), empty("u", { schema: "s" })], "u", "schema", /t owns the schema "s"/],
  ...["public", "plimsoll", "pg_catalog", "Orders", "a-b", "1a", 'a"b', ""].map(
    (schema): Row => [`the schema ${JSON.stringify(schema)}`, [empty("t", { schema })], "t", "schema", /cannot be a module's schema/],
  ),
];

describe("what keeps an app from being made", () => {
  for (const [why, modules, where, field, says] of rows) {
    it(why, () => {
      const problems = problemsOf(modules);
      const [found] = problems.filter((problem) => problem.where === where && problem.field === field);
      assert.ok(found, `is reported: ${JSON.stringify(problems)}`);
      assert.match(found.message, says);
      assert.equal(problems.length, 1, `and nothing else: ${JSON.stringify(problems)}`);
    });
  }

  it("is reported all at once", () => {
    const all = rows.flatMap(([, modules], index) => modules.map((one) => module(`m${index}`, { ...one, operations: one.operations })));
    const problems = problemsOf(all);
    assert.ok(problems.length >= rows.length, `${problems.length} of at least ${rows.length}`);
  });

  it("lets secrets be where no record keeps them", () => {
    const output = z.object({ token: secret(z.string()) });
    assert.deepEqual(problemsOf(inOne(operation("action", "t.a", { output, idempotent: "no" }))), []);
    assert.deepEqual(problemsOf(inOne(operation("command", "t.a", { output, idempotent: "natural" }))), []);
    const input = z.object({ id: z.string(), password: secret(z.string()) });
    assert.deepEqual(problemsOf(inOne(operation("command", "t.a", { input, idempotent: "key", access: signedIn() }))), []);
  });
});
