// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type AppModel, entityOf, keeperRoles, type ModuleModel } from "../model/model.ts";
import { camel, kebab } from "../model/names.ts";
import { workParts } from "./background/parts.ts";
import { type GeneratedFile, lines, listed, ofDesign, quoted } from "./file.ts";
import { emittingOf, eventOf } from "./names.ts";

/** Writes a module: the list of its handlers, its schema and its migrations. */
export function writeModule(module: ModuleModel, isTenanted: boolean): string {
  const parts = workParts(module, isTenanted);
  const names = [...module.operations.map(({ name }) => camel(name)), ...parts.operations];
  const events = emittingOf(module).map(eventOf);
  return lines(
    ofDesign(),
    'import { module } from "plimsoll";',
    ...[
      ...module.operations.map(({ name }) => `import { ${camel(name)} } from "./operations/${name}.ts";`),
      ...parts.imports,
      ...(events.length === 0 ? [] : [`import { ${events.join(", ")} } from "./events.ts";`]),
    ].toSorted(),
    "",
    `export const ${camel(module.name)} = module(${quoted(module.name)}, {`,
    `  schema: ${quoted(module.schema)},`,
    '  migrations: new URL("./migrations/", import.meta.url),',
    `  operations: ${listed(names, { open: "[", close: "]", indent: "  " })},`,
    ...(events.length === 0 ? [] : [`  events: ${listed(events, { open: "[", close: "]", indent: "  " })},`]),
    ...(parts.schedules.length === 0 ? [] : [`  schedules: ${listed(parts.schedules, { open: "[", close: "]", indent: "  " })},`]),
    "});",
  );
}

/** Writes the files of the composition root and the entry points. */
export function appFiles(app: AppModel): readonly GeneratedFile[] {
  const file = (path: string, owner: GeneratedFile["owner"], text: string): GeneratedFile => ({ path, owner, text });
  return [
    file("src/modules.ts", "design", modules(app)),
    file("src/budget.ts", "design", budget(app)),
    file("src/paging.ts", "design", paging),
    file("src/access.ts", "person", access(app)),
    file("src/service.ts", "person", service(app)),
    file("src/settings.ts", "person", settings(app)),
    file("src/api.ts", "person", api(app)),
    file("src/worker.ts", "person", worker),
    file("src/migrate.ts", "person", migrate),
    file("src/seed.ts", "person", seed(app)),
  ];
}

function modules({ modules: all }: AppModel): string {
  const names = all.map(({ name }) => camel(name));
  return lines(
    ofDesign(),
    ...all.map(({ name }) => `import { ${camel(name)} } from "./${name}/module.ts";`).toSorted(),
    "",
    `export const modules = ${listed(names, { open: "[", close: "]" })};`,
  );
}

function budget({ budget: { deadlineMs, concurrency, queue, formula } }: AppModel): string {
  return lines(
    ofDesign(),
    `// Executions at once: ${formula}; each process has one share. Twice as many may wait.`,
    `export const read = { deadline: "${deadlineMs}ms", concurrency: ${concurrency}, queue: ${queue}, queries: 8 } as const;`,
    `export const write = { deadline: "${deadlineMs}ms", concurrency: ${concurrency}, queue: ${queue}, queries: 12 } as const;`,
  );
}

const paging = lines(
  ofDesign(),
  'import { z } from "zod";',
  "",
  "/** What every list takes. */",
  "export const pageInput = { limit: z.int().min(1).max(100).default(20), cursor: z.string().optional() };",
  "",
  "/** One page of anything. */",
  "export const pageOf = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().optional() });",
);

function access({ roles }: AppModel): string {
  const seeing = roles.filter((role) => keeperRoles.test(role));
  return lines(
    'import type { Actor } from "plimsoll";',
    "",
    `/** Roles that see what belongs to others. The PRD names these roles: ${roles.join(", ") || "none"}. */`,
    `const seeing: readonly string[] = [${(seeing.length > 0 ? seeing : ["administrator"]).map(quoted).join(", ")}];`,
    "",
    "/** Whether an actor reads and changes what belongs to others of the same tenant. */",
    'export const seesAll = ({ kind, roles }: Actor): boolean => kind === "system" || roles.some((role) => seeing.includes(role));',
  );
}

function service({ name, isTenanted }: AppModel): string {
  return lines(
    `import { type App, type AppSpec, ${isTenanted ? "claim, " : ""}createApp } from "plimsoll";`,
    'import { jwt } from "plimsoll/auth";',
    'import { http } from "plimsoll/http";',
    'import { modules } from "./modules.ts";',
    "",
    "/** What differs between where the service runs. */",
    'export interface ServiceSpec extends Pick<AppSpec, "database" | "telemetry" | "roles" | "clock"> {',
    "  /** Signs tokens and encrypts cursors: 32 bytes or more. */",
    "  readonly secret: string;",
    "  readonly port: number;",
    "  readonly opsPort: number;",
    "}",
    "",
    "/** Who signs tokens, and for whom. */",
    `export const names = { issuer: ${quoted(name)}, audience: ${quoted(name)} } as const;`,
    "",
    "/** Puts the service together: the one place where its modules and the edges meet. */",
    "export function createService({ secret, port, opsPort, roles, ...edges }: ServiceSpec): App {",
    '  const serves = roles === undefined || roles.includes("serve");',
    "  return createApp({",
    `    service: { name: ${quoted(name)}, version: "0.1.0" },`,
    "    modules,",
    ...(isTenanted ? ['    tenancy: claim("tid"),'] : []),
    '    authentication: jwt({ keys: [{ algorithm: "HS256", secret }], ...names }),',
    "    cursors: { key: secret },",
    "    surfaces: serves ? [http({ port, documents: true })] : [],",
    "    ops: { port: opsPort },",
    "    ...(roles !== undefined && { roles }),",
    "    ...edges,",
    "  });",
    "}",
  );
}

function settings({ port }: AppModel): string {
  return lines(
    'import { randomBytes } from "node:crypto";',
    'import { config, field } from "plimsoll";',
    'import { z } from "zod";',
    "",
    "const Port = z.int().min(0).max(65_535);",
    "const Secret = z.string().min(32);",
    'const isProduction = process.env.NODE_ENV === "production";',
    "",
    "/** Reads the settings from the environment. In production the secret and the database have no default. */",
    "export function readSettings() {",
    "  const settings = config({",
    `    PORT: field(Port, { default: ${port}, description: "the port of the API; 0 takes a free one" }),`,
    '    OPS_PORT: field(Port, { default: 9_464, description: "the port of health and metrics, which only this machine can reach" }),',
    '    DATA_DIR: field(z.string().min(1), { default: ".data", description: "the folder of the embedded PostgreSQL" }),',
    "    DATABASE_URL: field(isProduction ? z.url() : z.url().optional(), {",
    "      secret: true,",
    '      description: "PostgreSQL, as the role of the application; outside production an embedded one is started without it",',
    "    }),",
    '    ADMIN_DATABASE_URL: field(z.url().optional(), { secret: true, description: "the same database, as its owner: for migrations" }),',
    "    JWT_SECRET: field(isProduction ? Secret : Secret.optional(), {",
    "      secret: true,",
    '      description: "signs tokens and encrypts cursors; outside production each start has its own; make one with: openssl rand -base64 48",',
    "    }),",
    "  });",
    '  return { ...settings, JWT_SECRET: settings.JWT_SECRET ?? randomBytes(48).toString("base64") };',
    "}",
  );
}

function api({ isTenanted, roles }: AppModel): string {
  return lines(
    "// Takes requests. Without DATABASE_URL it starts an embedded PostgreSQL, does durable work too, and fills in a few rows.",
    'import { exitOnFault, supervise } from "plimsoll";',
    'import { jwtIssuer } from "plimsoll/auth";',
    'import { postgres } from "plimsoll/postgres";',
    'import { logs, prometheus } from "plimsoll/telemetry";',
    'import { seed } from "./seed.ts";',
    'import { createService, names } from "./service.ts";',
    'import { readSettings } from "./settings.ts";',
    "",
    "const { PORT, OPS_PORT, DATA_DIR, DATABASE_URL: url, JWT_SECRET: secret } = exitOnFault(readSettings);",
    "const isEmbedded = url === undefined;",
    'const database = isEmbedded ? (await import("plimsoll/embedded")).embedded({ directory: DATA_DIR }) : postgres({ url });',
    "",
    "const app = exitOnFault(() =>",
    "  createService({",
    "    ...{ secret, database, port: PORT, opsPort: OPS_PORT },",
    '    ...(!isEmbedded && { roles: ["serve"] as const }),',
    '    telemetry: [logs(isEmbedded ? { destination: { file: "service.log" } } : {}), prometheus()],',
    "  }),",
    ");",
    "await supervise(app, isEmbedded ? { once: () => seed(app) } : {});",
    "",
    "if (isEmbedded) {",
    `  const { token } = await jwtIssuer({ key: { algorithm: "HS256", secret }, ...names, ttl: "8h" }).sign({ subject: "ada", ${isTenanted ? 'tenant: "one", ' : ""}roles: [${roles.map(quoted).join(", ")}] });`,
    "  console.log(`${app.urls.surfaces[0]}/docs, health and metrics at ${app.urls.ops}\\nexport TOKEN=${token}`);",
    "}",
  );
}

const worker = lines(
  "// Does durable work: tasks, schedules, sagas and reactions to events. Run as many as the work needs.",
  'import { exitOnFault, supervise } from "plimsoll";',
  'import { postgres } from "plimsoll/postgres";',
  'import { logs, prometheus } from "plimsoll/telemetry";',
  'import { createService } from "./service.ts";',
  'import { readSettings } from "./settings.ts";',
  "",
  "const { PORT, OPS_PORT, DATABASE_URL: url, JWT_SECRET: secret } = exitOnFault(readSettings);",
  "if (url === undefined) {",
  '  console.error("DATABASE_URL is not set. Without it, src/api.ts does the work of workers too.");',
  "  process.exit(1);",
  "}",
  "const app = exitOnFault(() =>",
  "  createService({",
  '    ...{ secret, database: postgres({ url }), port: PORT, opsPort: OPS_PORT, roles: ["worker"] },',
  "    telemetry: [logs(), prometheus()],",
  "  }),",
  ");",
  "await supervise(app);",
);

const migrate = lines(
  "// What a deploy would change, and doing it: node src/migrate.ts status|dry-run|apply",
  'import { migrate } from "plimsoll/postgres";',
  'import { modules } from "./modules.ts";',
  "",
  "const { DATABASE_URL: url, ADMIN_DATABASE_URL: adminUrl } = process.env;",
  'const mode = (["status", "dry-run", "apply"] as const).find((each) => each === process.argv[2]);',
  "if (url === undefined || adminUrl === undefined || mode === undefined) {",
  '  console.error("usage: DATABASE_URL=… ADMIN_DATABASE_URL=… node src/migrate.ts <status|dry-run|apply>");',
  "  process.exit(2);",
  "}",
  "",
  "const { applied, pending, ahead, notTried = [] } = await migrate({ modules, url, adminUrl, mode });",
  "for (const name of applied) console.log(`applied ${name}`);",
  "for (const name of pending) console.log(`pending ${name}`);",
  "for (const { file, reason } of notTried) console.log(`not tried ${file}: ${reason}`);",
  "for (const name of ahead) console.log(`ahead ${name}`);",
  'if (applied.length + pending.length + ahead.length === 0) console.log("nothing to do");',
);

/** The creations that need no other row, so that a seed can make them. */
function seeds({ modules: all }: AppModel): readonly { readonly module: ModuleModel; readonly name: string; readonly entity: string }[] {
  return all.flatMap((module) =>
    module.operations.flatMap(({ act, name, entity }) => {
      const fields = module.entities.find(({ key }) => key === entity)!.fields;
      return act === "create" && fields.every(({ parent }) => parent === undefined) ? [{ module, name, entity }] : [];
    }),
  );
}

const isVaried = (module: ModuleModel, key: string): boolean => entityOf(module, key).fields.some((field) => field.isVaried);

function seed(app: AppModel): string {
  const { isTenanted, roles } = app;
  const made = seeds(app);
  return lines(
    'import type { Actor, App } from "plimsoll";',
    'import { samples } from "./samples.ts";',
    ...[...new Set(made.map(({ module }) => module.name))].map((name) => `import * as ${camel(name)} from "./${name}/contract.ts";`),
    "",
    `const ada: Actor = { id: "ada", kind: "user", roles: [${roles.map(quoted).join(", ")}], tenant: ${isTenanted ? '"one"' : "undefined"}, claims: ${isTenanted ? '{ tid: "one" }' : "{}"} };`,
    "",
    "/** Fills in a few rows for development. By their keys they are made once, also if it runs again within a day. */",
    "export async function seed(app: App): Promise<void> {",
    ...made.map(
      ({ module, name, entity }) =>
        `  await patiently(() => app.call(${camel(module.name)}.${camel(name)}, samples.${camel(entity)}(${isVaried(module, entity) ? 1 : ""}), { actor: ada, key: "seed-${kebab(entity)}" }));`,
    ),
    "}",
    "",
    "/** The first calls of a process may miss a short deadline, as its code is not compiled yet. By their keys they are safe to send again. */",
    "async function patiently(send: () => Promise<unknown>): Promise<void> {",
    "  for (let attempt = 1; ; attempt++)",
    "    try {",
    "      return void (await send());",
    "    } catch (error) {",
    '      const code = error instanceof Error && "code" in error ? error.code : undefined;',
    ...(made.some(({ module, entity }) => isVaried(module, entity))
      ? ["      // A row that may be there once is there, from an earlier day.", '      if (code === "already_exists") return;']
      : []),
    '      if (code !== "deadline_exceeded" || attempt === 10) throw error;',
    "    }",
    "}",
  );
}
