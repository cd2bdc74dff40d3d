// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import type { HookModel, ModuleModel } from "../../model/model.ts";
import { camel } from "../../model/names.ts";
import { lines, quoted } from "../file.ts";

/** Writes how messages leave. It belongs to a person from then on. */
export function writeMessenger(): string {
  return lines(
    'import { appendFile, mkdir } from "node:fs/promises";',
    'import { join } from "node:path";',
    'import { resource } from "plimsoll";',
    "",
    "/** A message to a user, by the id of the user. */",
    "export interface Message {",
    "  readonly to: string;",
    "  /** What it is about, in the words of the PRD. */",
    "  readonly about: string;",
    "  /** The id of the thing that it is about. */",
    "  readonly subject: string;",
    "  /** The same for each attempt: a provider that knows it sends a message once. */",
    "  readonly key: string;",
    "}",
    "",
    "/** Sends messages. */",
    "export interface Messenger {",
    "  send(message: Message): Promise<void>;",
    "}",
    "",
    "/** Keeps messages as lines of JSON in DATA_DIR. Put the client of your mail or push provider here: it looks up the address, and sends. */",
    'export const messenger = resource<Messenger>("service.messenger", {',
    "  create: () => {",
    '    const folder = process.env.DATA_DIR ?? ".data";',
    "    return {",
    "      async send(message) {",
    "        await mkdir(folder, { recursive: true });",
    '        await appendFile(join(folder, "messages.jsonl"), `${JSON.stringify(message)}\\n`);',
    "      },",
    "    };",
    "  },",
    "});",
  );
}

/** Writes a webhook of another service, and the task that keeps what it said. It belongs to a person from then on. */
export function writeWebhook({ name, path, from }: HookModel, module: ModuleModel): string {
  const own = camel(name);
  return lines(
    'import { json, task } from "plimsoll";',
    'import { standardWebhooks, webhook } from "plimsoll/webhooks";',
    'import { z } from "zod";',
    'import { webhookSecrets } from "../../webhook-secrets.ts";',
    "",
    "/** What the other service sends: say here what you need of it. */",
    "const Received = z.object({ message: z.string().max(200), data: z.record(z.string(), z.unknown()) });",
    "",
    `/** Keeps a message once, however often it is sent. */`,
    `export const ${own}Work = task("${module.name}.${name}-work", {`,
    '  ...{ input: Received, budget: "30s", unique: { for: "7d" } },',
    "  run: ({ message, data }, { commit }) => commit(({ sql }) => sql`",
    `    insert into ${module.schema}.received (webhook, message, data) values ('${name}', \${message}, \${json(data)}) on conflict do nothing\`.run()),`,
    "});",
    "",
    `/** ${from.replaceAll("*/", "* /").replaceAll(/\s+/g, " ")} */`,
    `export const ${own} = webhook("${module.name}.${name}", {`,
    `  http: ${quoted(`POST ${path}`)},`,
    "  scheme: standardWebhooks(),",
    "  secrets: webhookSecrets,",
    `  starts: ${own}Work,`,
    "  input: ({ id, json: body }) => ({ message: id, data: z.record(z.string(), z.unknown()).parse(body) }),",
    "});",
  );
}

/** Writes where the secrets of webhooks come from. It belongs to a person from then on. */
export function writeSecrets(): string {
  return lines(
    'import { randomBytes } from "node:crypto";',
    "",
    "const given = process.env.WEBHOOK_SECRET;",
    'if (given === undefined && process.env.NODE_ENV === "production") throw new Error("WEBHOOK_SECRET is not set: the secret that signs the webhooks of other services, as in whsec_…");',
    "",
    "/** The secrets that sign webhooks of other services; each is good, so that one can replace another. Outside production each start has its own. */",
    'export const webhookSecrets: readonly string[] = given === undefined ? [`whsec_${randomBytes(24).toString("base64")}`] : given.split(" ");',
  );
}
