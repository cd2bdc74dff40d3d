// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type AppModel, type EntityModel, type FieldModel, keeperRoles, type ModuleModel } from "../model/model.ts";
import { camel, pascal } from "../model/names.ts";
import { sendsMessages } from "./background/parts.ts";
import { lines, ofDesign } from "./file.ts";
import { rowOf } from "./forms.ts";

/** Writes valid inputs, generators of them, and makers of rows with all that they need. */
export function writeSamples(app: AppModel): { readonly samples: string; readonly open: string } {
  const { modules, isTenanted, roles } = app;
  const hasMessages = sendsMessages(app);
  const hasHooks = modules.some(({ hooks }) => hooks.length > 0);
  const entities = modules.flatMap((module) => module.entities.map((entity) => ({ module, entity })));
  const isVaried = entities.some(({ entity }) => entity.fields.some((field) => field.isVaried));
  const samples = lines(
    ofDesign(),
    ...(isVaried ? ["", "let made = 1;", "const next = (): number => (made += 1);"] : []),
    "",
    isVaried
      ? "/** A valid input for a new one of each kind. What may be in the table once differs by `n`. */"
      : "/** A valid input for a new one of each kind. */",
    "export const samples = {",
    ...entities.map(
      ({ entity }) =>
        `  ${camel(entity.key)}: (${entity.fields.some((field) => field.isVaried) ? "n = next()" : ""}) => ({ ${entity.fields.map((field) => `${field.name}: ${rowOf(field).sample}`).join(", ")} }),`,
    ),
    "};",
  );
  const open = lines(
    ofDesign(),
    'import fc from "fast-check";',
    `import { ${hasMessages ? "override, " : ""}systemClock } from "plimsoll";`,
    hasHooks ? 'import { http } from "plimsoll/http";' : undefined,
    'import type { z } from "zod";',
    'import { type TestApp, testActor, testApp, testDatabase } from "plimsoll/testing";',
    ...modules.map(({ name }) => `import * as ${camel(name)} from "../src/${name}/contract.ts";`),
    hasMessages ? 'import { type Message, messenger } from "../src/messenger.ts";' : undefined,
    'import { modules } from "../src/modules.ts";',
    'import { samples } from "../src/samples.ts";',
    "",
    ...actors({ isTenanted, roles }),
    "",
    "/** A clock whose timers are slow: a busy machine is no reason to miss the deadlines of the design here. */",
    "export const patient = {",
    "  ...systemClock,",
    "  monotonic: () => systemClock.monotonic() / 20,",
    "  schedule: (delayMs: number, run: () => void) => systemClock.schedule(delayMs * 20, run),",
    "};",
    "",
    ...(hasMessages ? ["/** The messages that were sent. */", "export const sent: Message[] = [];", ""] : []),
    "/** Starts the service on a database of its own. */",
    "export async function open() {",
    "  const database = await testDatabase({ modules });",
    hasMessages ? "  const provide = [override(messenger, { send: async (message: Message) => void sent.push(message) })];" : undefined,
    `  const app = await testApp({ modules, database, actor: ada, clock: patient${hasMessages ? ", provide" : ""}${hasHooks ? ", surfaces: [http({ port: 0 })]" : ""} });`,
    "  return { database, app, close: async () => void (await app.stop(), await database.drop()) };",
    "}",
    "",
    "/** Generators of valid inputs. */",
    "export const inputs = {",
    ...entities.map(
      ({ entity }) =>
        `  ${camel(entity.key)}: fc.record({ ${entity.fields.map((field) => `${field.name}: ${arbitraryOf(entity, field)}`).join(", ")} }),`,
    ),
    "};",
    "",
    "/** Makes a row, with those that it needs. */",
    "export const make = {",
    ...entities.map(({ module, entity }) => makerOf(entity, module)),
    "};",
  );
  return { samples, open };
}

/** Of what may be in a table once, the samples: a generator repeats itself. */
function arbitraryOf(entity: EntityModel, field: FieldModel): string {
  return field.isVaried ? `fc.constant(0).map(() => samples.${camel(entity.key)}().${field.name})` : rowOf(field).arbitrary;
}

function actors({ isTenanted, roles }: Pick<AppModel, "isTenanted" | "roles">): readonly string[] {
  const usual = JSON.stringify(roles.filter((role) => !keeperRoles.test(role)));
  const actor = (name: string, tenant: string): string =>
    `export const ${name} = testActor({ id: "${name}", ${isTenanted ? `tenant: "${tenant}", ` : ""}roles: ${usual.replaceAll(",", ", ")} });`;
  return [
    "/** Two of one tenant, and one of another. */",
    actor("ada", "one"),
    actor("ben", "one"),
    ...(isTenanted ? [actor("eve", "two")] : []),
    `export const guest = testActor({ id: "guest"${isTenanted ? ', tenant: "one"' : ""} });`,
  ];
}

function makerOf(entity: EntityModel, module: ModuleModel): string {
  const create = module.operations.find(({ act, entity: key }) => act === "create" && key === entity.key)!;
  const name = camel(entity.key);
  const parents = entity.fields.flatMap((field) =>
    field.parent === undefined ? [] : [`${field.name}: (await make.${camel(field.parent)}(app)).id`],
  );
  const input = parents.length === 0 ? `samples.${name}()` : `{ ...samples.${name}(), ${parents.join(", ")} }`;
  return `  ${name}: async (app: TestApp): Promise<z.output<typeof ${camel(module.name)}.${pascal(entity.key)}>> =>
    app.call(${camel(module.name)}.${camel(create.name)}, ${input}),`;
}
