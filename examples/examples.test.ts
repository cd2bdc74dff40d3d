import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { createApp } from "plimsoll";
import { embedded } from "plimsoll/embedded";
import { testDatabase } from "plimsoll/testing";

const run = promisify(execFile);

describe("examples", () => {
  const directory = mkdtempSync(join(tmpdir(), "plimsoll-examples-"));
  // Each finds the server that runs: starting and stopping one for each takes as long as the example.
  const holder = createApp({ modules: [], roles: [], database: embedded({ directory }) });
  before(() => holder.start());
  after(async () => {
    await holder.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const program = (name: string) => ["--conditions=source", join(import.meta.dirname, name)];

  it("are all run here", () =>
    assert.deepEqual(
      globSync(
        [
          "*.ts",
          "audit/*.ts",
          "messaging/*.ts",
          "reactions/*.ts",
          "sagas/*.ts",
          "callers/*.ts",
          "mounts/*.ts",
          "sockets/*.ts",
          "sourcing/*.ts",
          "surfaces/*.ts",
          "tenants/*.ts",
          "libraries/*.ts",
          "search/*.ts",
          "vault/*.ts",
          "webhooks/*.ts",
        ],
        {
          cwd: import.meta.dirname,
        },
      )
        .filter((name) => !name.endsWith(".test.ts"))
        .toSorted(),
      ["01-hello.ts", ...Object.keys(outputs), "04-migrate.ts", "mounts/bookings.ts"].toSorted(),
    ));

  it("01-hello.ts answers the line that it prints", async () => {
    const child = spawn(process.execPath, program("01-hello.ts"), { env: { ...process.env, PORT: "0" } });
    try {
      const { value: curl } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
      assert.deepEqual(JSON.parse((await run("sh", ["-c", String(curl)])).stdout), { greeting: "Hello, world!" });
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  const mounted = (framework: string) => [
    '200 {"cents":24000}',
    `200 a page of ${framework}`,
    '400 {"type":"urn:plimsoll:invalid_input","title":"Invalid argume',
  ];
  const outputs = {
    "surfaces/grpc.ts": [
      '{"bookingId":"blue-1"}',
      "9: blue is full. Book another room.",
      '3: One value is invalid. Fix what "problems" lists, and send the request again.',
      "  rpc Book(BookRequest) returns (BookResponse);",
    ],
    "surfaces/graphql.ts": [
      '{"data":{"bookings":{"items":[{"room":"blue","guest":{"id":"G0","name":"one of 2"}},{"room":"red","guest":{"id":"G1","name":"one of 2"}},{"room":"green","guest":{"id":"G0","name":"one of 2"}}]}}}',
      '{"errors":[{"message":"There are two floors.","loc',
    ],
    "surfaces/mcp.ts": [
      "rooms.book adds",
      "rooms.clean adds",
      "rooms.close destroys",
      "rooms.invite adds",
      "rooms.plan adds",
      "blue-1",
      "blue is full. Book another room.",
      'Do you confirm rooms.close (Close a room for good) with {"room":"blue"}?',
      "The plan of blue:",
      "2 rooms are clean",
      "Who comes to blue?",
    ],
    "sourcing/accounts.ts": ["300 cents are left", "The account has 300 cents only.", "bank.balances: 0 skipped"],
    "libraries/drizzle.ts": ["left: 0", "none is left: check_violation", "at least one: rope"],
    "libraries/valibot.ts": [
      '200 {"email":"ann@example.com","seats":1,"guests":0}',
      '400 /email Invalid email: Received "ann"',
      "400 /seats Invalid value: Expected >=1 but received 0",
      "400 /guests/1/name Invalid length: Expected >=1 but received 0",
      '"seats":{"type":"integer","minimum":1,"maximum":8,"default":1}',
    ],
    "libraries/arktype.ts": [
      '200 {"email":"ann@example.com","seats":1,"guests":0}',
      "400 /guests/1/name guests[1].name must be non-empty",
      "400 /seats seats must be at least 1 (was 0)",
      '400 /email email must be an email address (was "ann")',
      '"seats":{"type":"integer","maximum":8,"minimum":1}',
    ],
    "mounts/express.ts": mounted("Express"),
    "mounts/fastify.ts": mounted("Fastify"),
    "mounts/hono.ts": mounted("Hono"),
    "mounts/nest.ts": mounted("NestJS"),
    "mounts/serverless.ts": ['200 {"cents":24000}'],
    "sagas/checkout.ts": [
      "charged 1200, took apple: order of apple paid with ch_1",
      "charged 1200, voided the charge: last: It is sold out.",
    ],
    "sagas/approval.ts": [
      "The signal approved of wages.pay-out was not sent, because its data do not match its schema: /by: Too small: expected string to have >=1 characters. Send what the saga declares.",
      "1200 for Kim, approved by Ann",
    ],
    "audit/refunds.ts": [
      'ada ok null -> {"cents":1200,"iban":"[secret]"}',
      'ada ok {"cents":1200,"iban":"[secret]"} -> {"cents":1500,"iban":"[secret]"}',
      "ada invalid_argument invalid_input",
      "problems: 0",
    ],
    "sockets/progress.ts": [
      [25, 50, 75, 100].map((percent, at) => `{"offset":${at + 1},"item":{"percent":${percent}}}`).join(" "),
      "id: 4",
      'data: {"offset":4,"item":{"percent":100}}',
      "event: end",
      "data: {}",
    ],
    "vault/cards.ts": ["•••• 5556", "{ holder: 'Ada', number: '4000056655665556' }", "{ keys: 2 }", "sealed_text_erased"],
    "search/shelf.ts": ["white-whale Moby-Dick, or the whale (1)"],
    "webhooks/sender.ts": ['shop.order-placed {"orderId":"o-7"}', "shop.order-placed delivered 1"],
    "webhooks/provider.ts": ["202 duplicate: false", "202 duplicate: true", "403 urn:plimsoll:webhook_signature_wrong", "settled in_7"],
    "02-command.ts": ["Ben: That is not nice. Write something else.", "Ada wrote: What a lovely place!"],
    "messaging/orders-over-a-broker.ts": ["shipped to ada@example.com", "orders.to-bus: 0 stopped"],
    "reactions/order-placed.ts": ["mailed ada@example.com", "bonus.on-placed: 0 dead letters"],
    "07-lock.ts": ["a higher token: true", "the first holder: lock_lost"],
    "09-resilience.ts": ["1250 cents after 3 requests"],
    "10-rate-limits.ts": [
      "ben@example.com: 204",
      "BEN@example.com: 429, team.invite rate per key",
      "cid@example.com: 204",
      "dan@example.com: 429, team.invite rate per actor",
    ],
    "08-api-key.ts": [
      "no key: 401 token_missing",
      "a wrong key: 401 The API key is unknown. Ask for a new one, or check the one you sent.",
      "the reader: 200 read by reader-7",
      "the writer: 403 permission_denied",
    ],
    "callers/events.ts": [
      "text/event-stream",
      ...["id: 3", 'data: {"step":3,"percent":75}', "id: 4", 'data: {"step":4,"percent":100}', "event: end", "data: {}"],
      '{"step":1,"percent":25}',
    ],
    "callers/identity-provider.ts": ["200 ann", "401 token_invalid"],
    "callers/api-keys.ts": ["shop_…: 200", "shop_…: 403", "shop_…: 401"],
    "callers/revoke.ts": ["signed out: 204", "the same token: 401 token_revoked"],
    "callers/permissions.ts": [
      'auditor reads: {"id":"7"}',
      'support reads: {"id":"7","commission":12}',
      "auditor cancels: permission_denied",
      "support cancels: {}",
    ],
    "tenants/permissions.ts": ["a guest of acme reads: 3 members", "a guest of globex reads: permission_denied"],
    "callers/cors.ts": [
      "https://app.example.com: 204 POST",
      "https://pr-7.preview.example.com: 204 POST",
      "https://elsewhere.test: 403 not allowed",
    ],
    "callers/head.ts": [
      "200: 3 rooms in CHF, quiet and bright",
      "X-Total-Count: 3, Set-Cookie: basket=7; Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax",
      '400: /currency: Invalid option: expected one of "CHF"|"EUR"',
      "X-Total-Count: null, Set-Cookie: null",
    ],
    "callers/download.ts": ['200 100 attachment; filename="Report of may.txt"', "012345678901"],
    "callers/route.ts": ["200 Hello, Ada!", '404 {"type":"urn:plimsoll:language_unknown",', "201 QUIET"],
    "callers/upload.ts": [
      '200 {"title":"A boat","name":"é.png","type":"image/png","bytes":8}',
      '415 {"type":"urn:plimsoll:media_type_mismatch","title":"Invalid argume',
    ],
    "surfaces/services.ts": ["blue for ann", "failed_precondition room_full blue", "remote_unavailable"],
    "surfaces/client.ts": ["1,200 g: 720 cents", "at most 30000 g", "Shanghai", "Leipzig", "P1", "invalid_argument invalid_input"],
    "sockets/chat.ts": ['{"room":"harbour","said":"AHOY"}', "4400 The message does not fit its schema."],
    "callers/webhook.ts": ['200 {"received":"evt_1"}', '403 {"type":"urn:plimsoll:signature_wrong","titl'],
    "callers/csv.ts": [
      'text/csv; charset=utf-8, attachment; filename="bookings May.csv"',
      "guest,nights",
      '"Ada ""the first""",2',
      `"'=1+1",1`,
    ],
    "12-load-lines.ts": [
      "0 of 5 refused",
      "measure: 0 refused, 2 would have been",
      "2 of 5 refused",
      "enforce: 2 refused, 2 would have been",
      "mail breaker: closed",
    ],
    "11-upstream.ts": ["apple: 1250 cents", "pear: 1250 cents", "apple: 1250 cents, as they were", "plum: unavailable, upstream_failed"],
    "callers/passkey.ts": [
      "to make one: example.com, required",
      "to sign in: example.com, required",
      "what is no response: passkey_refused",
    ],
    "callers/reset-password.ts": ["first: the password is changed", "second: The link is not valid any more. Ask for another."],
    "callers/sign-in-cookie.ts": ["same-origin: 200", "cross-site: 403"],
    "05-task.ts": ["attempt 1", "attempt 2", "mailed ada@example.com", "0 waiting"],
    "06-schedule.ts": ["books.close-often fired", "books.close completed", "books.close-nightly is active, next at 0 past"],
    "03-idempotency.ts": [
      "given 500, asked again: given 500",
      "another gift: This Idempotency-Key was used for another input. Use a new key for a new request.",
      "with a key of its own: given 1200",
    ],
  };
  for (const [name, lines] of Object.entries(outputs))
    it(`${basename(name)} prints what it should`, async () => {
      // Two of them have orders of their own, which one database would take for the same.
      const data = name.startsWith("messaging/") ? join(directory, "messaging") : directory;
      const { stdout } = await run(process.execPath, program(name), { env: { ...process.env, DATA_DIR: data } });
      assert.deepEqual(stdout.trim().split("\n"), lines);
    });

  it("04-migrate.ts tells what is missing, tries it, applies it, and finds nothing more to do", async () => {
    await using database = await testDatabase({ modules: [] });
    const env = { ...process.env, DATABASE_URL: database.url, ADMIN_DATABASE_URL: database.adminUrl };
    const migrate = async (mode: string) => (await run(process.execPath, [...program("04-migrate.ts"), mode], { env })).stdout;
    const files = [
      "identity/0001_identity",
      "identity/0002_second_factors",
      "identity/0003_passkeys",
      "identity/0004_invitations",
      "catalog/0001_catalog",
      "catalog/0002_stock_without_bound",
      "catalog/0003_holds",
      "orders/0001_orders",
      "orders/0002_paid",
      "orders/0003_recorded",
      "payments/0001_payments",
      "payments/0002_refunds",
      "payments/0003_cancelled",
      "notifications/0001_notifications",
      "sales/0001_sales",
      "crunch/0001_crunch",
    ];
    const lines = (word: string) => files.map((name) => `${word} ${name}\n`).join("");
    const modes = ["status", "dry-run", "status", "apply", "status"];
    const outputs: string[] = [];
    for (const mode of modes) outputs.push(await migrate(mode));
    assert.deepEqual(outputs, [lines("pending"), lines("pending"), lines("pending"), lines("applied"), "nothing to do\n"]);
    await assert.rejects(migrate("undo"), { code: 2 });
  });
});
