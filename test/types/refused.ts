// Everything the compiler must refuse. `@ts-expect-error` fails when it does not; behind the bar stands what its message must hold, which
// types.test.ts checks. The lines are never run.
import {
  type ActionScope,
  action,
  command,
  counter,
  fault,
  gauge,
  histogram,
  implement,
  module,
  query,
  rateLimit,
  resource,
  role,
  schedule,
  sqlFragment,
  task,
} from "plimsoll";
import { z } from "zod";

const Line = z.object({ productId: z.uuid(), quantity: z.int().min(1) });
const Gone = fault("gone", { code: "not_found", details: z.object({ orderId: z.string() }), message: "Gone." });
const mailer = resource("mailer", { create: () => ({ send: async (_to: string) => {} }) });
const access = role("customer");
const reads = query("shop.read", { input: Line, output: Line, access, budget: "1s" });
const writes = command("shop.write", { input: Line, output: Line, access, budget: "1s", idempotent: "no" });
const acts = action("shop.act", { input: Line, output: Line, access, budget: "1s", idempotent: "no", uses: { mailer } });
const works = task("shop.work", { input: Line, budget: "1s" });

export const refused = {
  caches: () => {
    // @ts-expect-error how long a value is used is a duration | Type '"2 seconds"' is not assignable to type 'Duration'
    query("shop.q", { input: Line, output: Line, access, budget: "1s", cache: { ttl: "2 seconds" } });
    // @ts-expect-error it is kept for one of three | Type '"user"' is not assignable to type 'CachePer | undefined'
    query("shop.q", { input: Line, output: Line, access, budget: "1s", cache: { ttl: "2s", per: "user" } });
    // @ts-expect-error tags are made of the input and the output | Property 'orderId' does not exist
    query("shop.q", { input: Line, output: Line, access, budget: "1s", cache: { ttl: "2s", tags: ({ orderId }) => [orderId] } });
    // @ts-expect-error what may change something is not kept | 'cache' does not exist in type
    command("shop.c", { input: Line, output: Line, access, budget: "1s", idempotent: "no", cache: { ttl: "2s" } });
    // @ts-expect-error and a query invalidates nothing | Property 'invalidate' does not exist
    query("shop.q", { input: Line, output: Line, access, budget: "1s", run: async (line, { invalidate }) => line });
  },
  access: () => {
    // @ts-expect-error a query says who may run it | Property 'access' is missing
    query("shop.q", { input: Line, output: Line, budget: "1s" });
    // @ts-expect-error so does a command | Property 'access' is missing
    command("shop.c", { input: Line, output: Line, budget: "1s", idempotent: "no" });
    // @ts-expect-error and one with a key | Property 'access' is missing
    command("shop.c", { input: Line, output: Line, budget: "1s", idempotent: "key" });
    // @ts-expect-error so does an action | Property 'access' is missing
    action("shop.a", { input: Line, output: Line, budget: "1s", idempotent: "no" });
    // @ts-expect-error a role is not written as a bare word | write role(\"…\"), signedIn(), rule(\"…\", …) or \"public\"
    query("shop.q", { input: Line, output: Line, budget: "1s", access: "customer" });
    // @ts-expect-error nor in a command | write role(\"…\"), signedIn(), rule(\"…\", …) or \"public\"
    command("shop.c", { input: Line, output: Line, budget: "1s", access: "customer", idempotent: "no" });
    // @ts-expect-error no role at all would admit no actor | Expected at least 1 arguments
    role();
  },

  budget: () => {
    // @ts-expect-error a query says what it may use | Property 'budget' is missing
    query("shop.q", { input: Line, output: Line, access });
    // @ts-expect-error so does a command | Property 'budget' is missing
    command("shop.c", { input: Line, output: Line, access, idempotent: "no" });
    // @ts-expect-error so does an action | Property 'budget' is missing
    action("shop.a", { input: Line, output: Line, access, idempotent: "no" });
    // @ts-expect-error a duration has one spelling | "2 seconds" … write milliseconds, or a number with ms, s, m, h or d, as in \"250ms\"
    query("shop.q", { input: Line, output: Line, access, budget: "2 seconds" });
    // @ts-expect-error also inside a budget | "2 seconds" … write milliseconds, or a number with ms, s, m, h or d, as in \"250ms\"
    query("shop.q", { input: Line, output: Line, access, budget: { deadline: "2 seconds" } });
    // @ts-expect-error limits without a deadline are no budget | Property 'deadline' is missing
    query("shop.q", { input: Line, output: Line, access, budget: { concurrency: 8 } });
    // @ts-expect-error a limit that is misspelt would limit nothing | Did you mean to write 'concurrency'?
    query("shop.q", { input: Line, output: Line, access, budget: { deadline: "1s", concurency: 8 } });
    // @ts-expect-error a limit of nothing would let in no request | a limit is a whole number of requests from 1
    rateLimit({ per: "actor", limit: 0, period: "1s" });
    // @ts-expect-error nor is there half a request | a limit is a whole number of requests from 1
    rateLimit({ per: "actor", limit: 0.5, period: "1s" });
    // @ts-expect-error a limit counts in a time | Property 'period' is missing
    rateLimit({ per: "actor", limit: 5 });
    // @ts-expect-error a rate is counted by what the platform knows | "user" … "actor" | "address" | "all" | "tenant"
    rateLimit({ per: "user", limit: 5, period: "1s" });
    const byEmail = rateLimit({ per: (input: { email: string }) => input.email, limit: 5, period: "1s" });
    // @ts-expect-error its key is made of fields that the input has | Property 'email' is missing
    query("shop.q", { input: Line, output: Line, access, budget: { deadline: "1s", rate: byEmail } });
    // @ts-expect-error criticality has three levels | "high" … write \"critical\", \"default\" or \"sheddable\"
    query("shop.q", { input: Line, output: Line, access, budget: "1s", criticality: "high" });
  },

  http: () => {
    // @ts-expect-error a path begins with a slash | "GET orders" … write a verb and a path, as in \"POST /v1/orders\"
    query("shop.q", { input: Line, output: Line, access, budget: "1s", http: "GET orders" });
    // @ts-expect-error a route has a verb that HTTP has | "FETCH /orders" … write a verb and a path, as in \"POST /v1/orders\"
    query("shop.q", { input: Line, output: Line, access, budget: "1s", http: "FETCH /orders" });
    // @ts-expect-error what reads is not behind DELETE | a query takes GET or POST, a command or an action any verb but GET
    query("shop.q", { input: Line, output: Line, access, budget: "1s", http: "DELETE /orders" });
    // @ts-expect-error GET must be safe to repeat | a query takes GET or POST, a command or an action any verb but GET
    command("shop.c", { input: Line, output: Line, access, budget: "1s", idempotent: "no", http: "GET /orders" });
    // @ts-expect-error an action may do anything, so it is no GET either | a query takes GET or POST, a command or an action any verb but GET
    action("shop.a", { input: Line, output: Line, access, budget: "1s", idempotent: "no", http: "GET /orders" });
    // @ts-expect-error the long form takes the same routes | `POST /${string}`
    command("shop.c", { input: Line, output: Line, access, budget: "1s", idempotent: "no", http: { route: "GET /orders" } });
    // @ts-expect-error the location is made of the output | Property 'orderId' does not exist on type '{ productId: string; quantity: number; }'
    query("shop.q", { input: Line, output: Line, access, budget: "1s", http: { route: "POST /o", location: ({ orderId }) => orderId } });
    // @ts-expect-error If-Match goes into a field that the input has | "version" … "productId" | "quantity"
    query("shop.q", { input: Line, output: Line, access, budget: "1s", http: { route: "POST /orders", ifMatch: "version" } });
  },

  reading: () => {
    implement(reads, async (line, { call }) => {
      // @ts-expect-error a query writes nothing, through others neither | a query only reads: call a command from a command or an action
      await call(writes, line);
      return line;
    });
    // @ts-expect-error a query has nothing to start work with | Property 'start' does not exist on type 'ReadScope
    implement(reads, async (line, scope) => scope.start(line));
    // @ts-expect-error nor to emit events with | Property 'emit' does not exist on type 'ReadScope
    implement(reads, async (line, scope) => scope.emit(line));
    // @ts-expect-error a command has no resources, and an action no sql (as before) | Property 'mailer' does not exist on type 'WriteScope
    implement(writes, async (line, { mailer }) => mailer ?? line);
    // @ts-expect-error nor does a task have sql outside of its commit (as before) | Property 'sql' does not exist on type 'TaskScope
    implement(works, async (_line, { sql }) => sql);
    query("shop.q", {
      ...{ input: Line, output: Line, access, budget: "1s" },
      // @ts-expect-error what decides on access reads only | a query only reads: call a command from a command or an action
      owns: async (line, { call }) => (await call(writes, line)) !== null,
    });
    // @ts-expect-error what only reads has no conflict to be serializable for | "read committed" | "repeatable read"
    query("shop.q", { input: Line, output: Line, access, budget: "1s", isolation: "serializable" });
    // @ts-expect-error a query may be repeated anyway | 'idempotent' does not exist
    query("shop.q", { input: Line, output: Line, access, budget: "1s", idempotent: "key" });
  },

  network: () => {
    // @ts-expect-error no network inside a transaction | a query or command is one transaction, and no network call belongs inside it: use an action
    command("shop.c", { input: Line, output: Line, access, budget: "1s", idempotent: "no", uses: { mailer } });
    // @ts-expect-error a query is one too | a query or command is one transaction, and no network call belongs inside it: use an action
    query("shop.q", { input: Line, output: Line, access, budget: "1s", uses: { mailer } });
    // @ts-expect-error and calls no outside service | Property 'upstream' does not exist on type 'WriteScope
    implement(writes, async (line, { upstream }) => upstream("mail", () => line));
    // @ts-expect-error what an action needs stands in its contract | Property 'payments' does not exist
    implement(acts, async (line, { payments }) => payments.charge(line));
    // @ts-expect-error an action has no transaction of its own | Property 'sql' does not exist
    implement(acts, async (line, { sql }) => sql(line));
  },

  calling: () => {
    implement(writes, async (line, { call }) => {
      // @ts-expect-error an input has its fields' types | Type 'string' is not assignable to type 'number'
      await call(reads, { productId: "", quantity: "3" });
      // @ts-expect-error all of them | Property 'quantity' is missing
      await call(reads, { productId: "" });
      // @ts-expect-error and no other | 'price' does not exist in type '{ productId: string; quantity: number; }'
      await call(reads, { productId: "", quantity: 3, price: 1 });
      // @ts-expect-error an action would be a network call inside the transaction | only queries and commands can be called
      await call(acts, line);
      // @ts-expect-error inside a transaction a call has no key of its own | Expected 2 arguments, but got 3
      await call(reads, line, { key: "again" });
      return line;
    });
    implement(acts, async (line, { call }) => {
      // @ts-expect-error two actions share a function, not a call | only queries and commands can be called: move code that two actions share into a function
      await call(acts, line);
      return line;
    });
  },

  faults: ({ fail }: { readonly fail: ActionScope<typeof Gone>["fail"] }) => {
    // @ts-expect-error the details of a fault have names | Did you mean to write 'orderId'?
    fail(Gone, { orderid: "" });
    // @ts-expect-error and types | Type 'number' is not assignable to type 'string'
    fail(Gone, { orderId: 1 });
    // @ts-expect-error and cannot be left out | Expected 2-3 arguments, but got 1
    fail(Gone);
    // @ts-expect-error the message is written from the details | Property 'id' does not exist on type '{ orderId: string; }'
    fault("gone", { code: "not_found", details: z.object({ orderId: z.string() }), message: ({ id }) => id });
    // @ts-expect-error codes are the canonical ones | Did you mean '"not_found"'?
    fault("gone", { code: "not-found", message: "Gone." });
    // @ts-expect-error only declared faults can be listed | is missing the following properties from type 'FaultClass<any
    query("shop.q", { input: Line, output: Line, access, budget: "1s", faults: [Error] });
  },

  idempotency: () => {
    // @ts-expect-error a command says what happens when it is sent twice | Property 'idempotent' is missing
    command("shop.c", { input: Line, output: Line, access, budget: "1s" });
    // @ts-expect-error so does an action | Property 'idempotent' is missing
    action("shop.a", { input: Line, output: Line, access, budget: "1s" });
    // @ts-expect-error there is no actor to own the key | name the input field that scopes it, as in { key: \"email\" }
    command("shop.c", { input: Line, output: Line, access: "public", budget: "1s", idempotent: "key" });
    // @ts-expect-error the field that scopes a key is one of the input | "email" … "productId" | "quantity"
    command("shop.c", { input: Line, output: Line, access: "public", budget: "1s", idempotent: { key: "email" } });
    // @ts-expect-error with an actor, the actor scopes the key | "key" | "natural" | "no"
    command("shop.c", { input: Line, output: Line, access, budget: "1s", idempotent: { key: "productId" } });
    // @ts-expect-error a record of the key needs a transaction | pass the key to the command that it calls
    action("shop.a", { input: Line, output: Line, access, budget: "1s", idempotent: "key" });
  },

  schedules: () => {
    const works = task("shop.work", { input: Line, budget: "1m" });
    const at = { cron: "@daily", task: works } as const;
    // @ts-expect-error what an occurrence starts has the input of its task | Property 'quantity' is missing
    schedule("shop.s", { ...at, input: { productId: "" } });
    // @ts-expect-error the same where it is worked out | Type 'string' is not assignable to type 'number'
    schedule("shop.s", { ...at, input: (occurrence) => ({ productId: "", quantity: occurrence.toISOString() }) });
    // @ts-expect-error what happens with missed occurrences is one of three words | "later" … MissedOccurrences
    schedule("shop.s", { ...at, input: { productId: "", quantity: 1 }, missed: "later" });
    // @ts-expect-error a clock starts durable work, nothing else | 'Command<
    schedule("shop.s", { cron: "@daily", task: writes, input: { productId: "", quantity: 1 } });
  },

  tasks: () => {
    const works = task("shop.work", { input: Line, budget: "1m", uses: { mailer } });
    const line = { productId: "", quantity: 1 };
    // @ts-expect-error a task says what an attempt may use | Property 'budget' is missing
    task("shop.t", { input: Line });
    // @ts-expect-error in a duration that can be read | "2 minutes" … write milliseconds, or a number with ms, s, m, h or d, as in \"30s\"
    task("shop.t", { input: Line, budget: "2 minutes" });
    // @ts-expect-error also inside a budget | "2 minutes"
    task("shop.t", { input: Line, budget: { deadline: "2 minutes" } });
    // @ts-expect-error what waits for a task waits in its queue, not in its budget | 'queue' does not exist
    task("shop.t", { input: Line, budget: { deadline: "1m", queue: 10 } });
    // @ts-expect-error its time to live has the same spelling | "a week" … write milliseconds, or a number with ms, s, m, h or d, as in \"30s\"
    task("shop.t", { input: Line, budget: "1m", ttl: "a week" });
    // @ts-expect-error it has an input | Property 'input' is missing
    task("shop.t", { budget: "1m" });
    // @ts-expect-error no caller waits for what it returns | 'output' does not exist
    task("shop.t", { input: Line, output: Line, budget: "1m" });
    // @ts-expect-error no caller calls it, so it needs no access | 'access' does not exist
    task("shop.t", { input: Line, access, budget: "1m" });
    // @ts-expect-error it is no route | 'http' does not exist
    task("shop.t", { input: Line, budget: "1m", http: "POST /tasks" });
    // @ts-expect-error a key stands for its task while that is active, or for a period | "always"
    task("shop.t", { input: Line, budget: "1m", unique: "always" });
    // @ts-expect-error a backoff is made by exponential or constant | Type 'string' is not assignable to type 'Backoff'
    task("shop.t", { input: Line, budget: "1m", retry: { backoff: "1s" } });
    // @ts-expect-error the fairness key is worked out from the input | Property 'customerId' does not exist on type '{ productId: string; quantity: number; }'
    task("shop.t", { input: Line, budget: "1m", fairnessKey: ({ customerId }) => customerId });
    // @ts-expect-error and is a text | Type 'number' is not assignable to type 'string'
    task("shop.t", { input: Line, budget: "1m", fairnessKey: ({ quantity }) => quantity });
    // @ts-expect-error what it needs stands in its contract | Property 'mailer' does not exist
    task("shop.t", { input: Line, budget: "1m", run: async (_line, { mailer: missing }) => missing });
    // @ts-expect-error a task has no transaction of its own: it commits in one | Property 'sql' does not exist
    implement(works, async (input, { sql }) => sql(input));
    // @ts-expect-error no network inside the transaction that completes it | Property 'mailer' does not exist
    implement(works, async (_line, { commit }) => commit(async ({ mailer: within }) => within));
    // @ts-expect-error nor upstream | Property 'upstream' does not exist
    implement(works, async (_line, { commit }) => commit(async ({ upstream }) => upstream("mail", () => 1)));
    // @ts-expect-error nor a commit within it | Property 'commit' does not exist
    implement(works, async (_line, { commit }) => commit(async ({ commit: again }) => again));
    // @ts-expect-error only a task completes itself | Property 'commit' does not exist
    implement(acts, async (input, { commit }) => commit(input));
    implement(acts, async (input, { start, call }) => {
      // @ts-expect-error a task is started with the input it has | Property 'quantity' is missing
      await start(works, { productId: "" });
      // @ts-expect-error of the types it has | Type 'string' is not assignable to type 'number'
      await start(works, { productId: "", quantity: "1" });
      // @ts-expect-error and no other | 'price' does not exist in type '{ productId: string; quantity: number; }'
      await start(works, { ...line, price: 1 });
      // @ts-expect-error a misspelt option would do nothing | 'dealy' does not exist in type 'StartOptions'. Did you mean to write 'delay'?
      await start(works, line, { dealy: "1m" });
      // @ts-expect-error a date is a Date | Type 'string' is not assignable to type 'Date'
      await start(works, line, { at: "2026-01-01" });
      // @ts-expect-error on whose behalf it runs is not for an operation to say | 'tenant' does not exist in type 'StartOptions'
      await start(works, line, { tenant: "other" });
      // @ts-expect-error a command is called, not started | only tasks can be started: call a query or a command
      await start(writes, line);
      // @ts-expect-error a task is started, not called: no caller waits for it | only queries and commands can be called
      await call(works, line);
      return input;
    });
    implement(writes, async (input, { start }) => {
      // @ts-expect-error the same in a command | Property 'quantity' is missing
      await start(works, { productId: "" });
      return input;
    });
    // @ts-expect-error a query starts no task | Property 'start' does not exist on type 'ReadScope
    implement(reads, async (input, { start }) => start(works, input));
  },

  bodies: () => {
    // @ts-expect-error what an operation answers is its output | Type 'string' is not assignable to type 'number'
    implement(writes, async ({ productId }) => ({ productId, quantity: "1" }));
    // @ts-expect-error a row that may be missing is no answer | Type 'undefined' is not assignable to type '{ productId: string; quantity: number; }'
    implement(reads, async (_line, { sql }) => sql(Line)`select 1`.maybe());
    // @ts-expect-error the same where contract and body are one piece | Property 'quantity' is missing
    query("shop.q", { input: Line, output: Line, access, budget: "1s", run: async ({ productId }) => ({ productId }) });
    // @ts-expect-error owning is yes or no | Type 'number' is not assignable to type 'boolean'
    query("shop.q", { input: Line, output: Line, access, budget: "1s", owns: async (_line, { sql }) => sql`select 1`.run() });
    // @ts-expect-error a schema is wrapped, so that it can be checked and documented | does not exist in type 'AnySchema'
    query("shop.q", { input: { a: z.string() }, output: Line, access, budget: "1s" });
    // @ts-expect-error a module lists operations, not functions | is not assignable to type 'Implementation | Operation'
    module("shop", { operations: [async () => 1] });
  },

  statements: () => {
    // @ts-expect-error a statement that was not sent is nothing to wait for | must not contain a callable 'then' member
    implement(writes, async (line, { sql }) => void (await sql`delete from shop.lines`) ?? line);
    // @ts-expect-error nor is one whose rows have a schema | must not contain a callable 'then' member
    implement(writes, async (line, { sql }) => void (await sql(Line)`select 1`) ?? line);
    // @ts-expect-error nor one that was sent as text | must not contain a callable 'then' member
    implement(writes, async (line, { sql }) => void (await sql.unsafe("select 1")) ?? line);
    // @ts-expect-error nor a fragment | must not contain a callable 'then' member
    void (async () => await sqlFragment`id = 1`);
    // @ts-expect-error whose it is says a row, not a statement (as before) | is not assignable to type
    query("shop.q", { input: Line, output: Line, access, budget: "1s", owns: (_line, { sql }) => sql`select 1` });
  },
};

const Closed = fault("closed", { code: "failed_precondition", details: z.object({ orderId: z.string() }), message: "Closed." });
const Late = fault("late", { code: "failed_precondition", details: z.object({ orderId: z.string() }), message: "Late." });
const faulty = { input: z.object({}), output: z.object({}), access: role("customer"), budget: "1s" } as const;
query("orders.closed", {
  ...faulty,
  faults: [Closed],
  async run(_input, { fail }) {
    // @ts-expect-error a fault that the query does not declare, though its details are the same | declare it in the operation's faults
    return fail(Late, { orderId: "" });
  },
});
command("orders.close-all", {
  ...faulty,
  idempotent: "key",
  async run(_input, { fail }) {
    // @ts-expect-error a fault of a command that declares none | declare it in the operation's faults
    return fail(Closed, { orderId: "" });
  },
});
action("orders.close-later", {
  ...faulty,
  idempotent: "no",
  faults: [Closed],
  async run(_input, { fail }) {
    // @ts-expect-error details of another shape | orderId
    return fail(Closed, { order: "" });
  },
});
const closeOne = command("orders.close-one", { ...faulty, idempotent: "key", faults: [Closed] });
implement(closeOne, async (_input, { fail }) => {
  // @ts-expect-error a fault that the contract does not declare | declare it in the operation's faults
  return fail(Late, { orderId: "" });
});
/** A helper says which faults it may end with; its callers must declare them. */
const orClosed = (open: boolean, { fail }: { fail(declared: typeof Closed, details: { orderId: string }): never }) =>
  open || fail(Closed, { orderId: "" });
query("orders.helped", {
  ...faulty,
  faults: [Late],
  async run(_input, scope) {
    // @ts-expect-error a helper that may end with a fault that the query does not declare | "closed"> … declare it in the operation's faults
    orClosed(true, scope);
    return {};
  },
});
query("orders.helped-rightly", {
  ...faulty,
  faults: [Late, Closed],
  async run(_input, scope) {
    orClosed(true, scope);
    return scope.fail(Late, { orderId: "" });
  },
});

const placed = counter("orders.placed", { help: "Orders placed.", labels: ["channel", "size"] });
const bare = counter("orders.bare", { help: "Orders." });
const lines = histogram("orders.lines", { help: "Lines of an order.", labels: ["channel"], buckets: [1, 2] });
query("orders.counted", {
  ...faulty,
  async run(_input, { count, observe }) {
    count(placed, { channel: "web", size: 3 });
    count(bare);
    count(bare, {});
    observe(lines, 2, { channel: "web" });
    // @ts-expect-error labels are needed where the counter declares some | Expected 2 arguments
    count(placed);
    // @ts-expect-error all of them | Property 'size' is missing
    count(placed, { channel: "web" });
    // @ts-expect-error no others | 'color' does not exist
    count(placed, { channel: "web", size: 3, color: "red" });
    // @ts-expect-error with values that can be shown | not assignable to type 'string | number | boolean'
    count(placed, { channel: "web", size: null });
    // @ts-expect-error none where the counter declares none | not assignable to type 'never'
    count(bare, { channel: "web" });
    // @ts-expect-error a histogram takes a value | Expected 3 arguments
    observe(lines, { channel: "web" });
    // @ts-expect-error and its labels | Expected 3 arguments
    observe(lines, 2);
    // @ts-expect-error a counter takes no value | CounterMetric
    observe(bare, 2);
    // @ts-expect-error a histogram does not count | HistogramMetric
    count(lines, { channel: "web" });
    // @ts-expect-error a gauge is read, not written | Expected 2 arguments
    count(gauge("orders.open", { help: "Open orders.", read: () => 1 }));
    return {};
  },
});
