// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import type { AppModel, ModuleModel } from "../../model/model.ts";
import { camel, kebab, words } from "../../model/names.ts";
import { lines, ofDesign, quoted } from "../file.ts";
import { statusFunction } from "../names.ts";
import { changes, transitions } from "./changing.ts";
import { creation, invariants, property } from "./creation.ts";
import { readings, tenants } from "./reading.ts";
import type { Subject } from "./subject.ts";

/** Writes the tests of a module: by table, of its contract, of ownership, and of tenants. */
export function writeModuleTests(module: ModuleModel, app: AppModel): string {
  const contract = camel(module.name);
  const subjects = module.entities.map((entity): Subject => ({ module, entity, app, contract }));
  const rules = module.entities.flatMap((entity) => entity.transitions.map(({ verb }) => ({ entity, verb })));
  const body = subjects.flatMap((subject) => [
    "",
    `describe(${quoted(words(subject.entity.key))}, () => {`,
    ...[
      ...creation(subject),
      ...invariants(subject),
      ...readings(subject),
      ...changes(subject),
      ...transitions(subject),
      ...tenants(subject),
    ].map((line) => (line === "" ? "" : `  ${line}`)),
    "});",
  ]);
  const text = [...body, ...roleTests(module, contract)].join("\n");
  const actors = ["ben", "eve", "guest"].filter((name) => text.includes(`as(${name})`) || text.includes(`...${name},`));
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { after, before, describe, it } from "node:test";',
    ...rules.map(
      ({ entity, verb }) =>
        `import { ${statusFunction({ verb, key: entity.key })} } from "../src/${module.name}/domain/${kebab(verb)}-${kebab(entity.key)}.ts";`,
    ),
    `import * as ${contract} from "../src/${module.name}/contract.ts";`,
    'import { samples } from "../src/samples.ts";',
    `import { ${[...actors, "make", "open"].join(", ")} } from "./open.ts";`,
    ...aWorld,
    text,
  );
}

const aWorld = [
  "",
  "let world: Awaited<ReturnType<typeof open>>;",
  "before(async () => {",
  "  world = await open();",
  "});",
  "after(() => world.close());",
];

/** Writes the tests of a module by property: any valid input of each entity. */
export function writePropertyTests(module: ModuleModel, app: AppModel): string {
  const contract = camel(module.name);
  const body = module.entities.flatMap((entity) => [
    "",
    `describe(${quoted(words(entity.key))}, () => {`,
    ...property({ module, entity, app, contract })
      .slice(1)
      .map((line) => (line === "" ? "" : `  ${line}`)),
    "});",
  ]);
  const makes = module.entities.some(({ fields }) => fields.some(({ parent }) => parent !== undefined));
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { after, before, describe, it } from "node:test";',
    'import fc from "fast-check";',
    `import * as ${contract} from "../src/${module.name}/contract.ts";`,
    `import { ${["inputs", ...(makes ? ["make"] : []), "open"].join(", ")} } from "./open.ts";`,
    ...aWorld,
    ...body,
  );
}

/** Writes the tests of the rules of a module, which need no platform: from which status a verb leads where, and that doing it twice is doing it once. */
export function writeRuleTests(module: ModuleModel): string | undefined {
  const rules = module.entities.flatMap((entity) =>
    entity.transitions.map(({ verb, from, to }) => ({
      rule: statusFunction({ verb, key: entity.key }),
      path: `../src/${module.name}/domain/${kebab(verb)}-${kebab(entity.key)}.ts`,
      cases: entity.statuses.map((status) => [status, status === to || from.includes(status) ? to : undefined] as const),
    })),
  );
  if (rules.length === 0) return undefined;
  return lines(
    ofDesign(),
    'import assert from "node:assert/strict";',
    'import { it } from "node:test";',
    ...rules.map(({ rule, path }) => `import { ${rule} } from ${quoted(path)};`),
    ...rules.flatMap(({ rule, cases }) => [
      "",
      ...cases.map(
        ([from, to]) =>
          `it(${quoted(`${rule} of ${from} is ${to ?? "refused"}`)}, () => assert.equal(${rule}(${quoted(from)}), ${to === undefined ? "undefined" : quoted(to)}));`,
      ),
    ]),
  );
}

/** Tests that an operation of a role is refused to a caller without it, whatever the caller sends. */
function roleTests({ operations }: ModuleModel, contract: string): readonly string[] {
  const bound = operations.filter(({ roles }) => roles.length > 0);
  return bound.flatMap(({ name, roles }) => [
    "",
    `it("${name} is refused without the role ${roles.join(" or ")}", () =>`,
    `  assert.rejects(world.app.as(guest).call(${contract}.${camel(name)}, {} as never), { code: "permission_denied" }));`,
  ]);
}
