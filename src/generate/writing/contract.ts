// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the strings hold programs, and programs hold templates.
import { type AppModel, type EntityModel, entityOf, type ModuleModel, type OperationModel } from "../model/model.ts";
import { camel, kebab, pascal, plural, words } from "../model/names.ts";
import { lines, listed, ofDesign, quoted } from "./file.ts";
import { inputOf, outputOf, rowOf } from "./forms.ts";
import { emittingOf, eventOf } from "./names.ts";

/** Writes the contract of a module: schemas, faults and operations. */
export function writeContract(module: ModuleModel, app: AppModel): string {
  const { operations, entities } = module;
  const has = (act: OperationModel["act"]): boolean => operations.some((operation) => operation.act === act);
  const isRead = ({ act }: OperationModel): boolean => act === "get" || act === "list";
  const roles = operations.some((operation) => operation.roles.length > 0);
  const front = [
    ...(operations.some((one) => !isRead(one)) ? ["command"] : []),
    ...(entities.some((entity) => needsFaults(entity, module)) ? ["fault"] : []),
    ...(operations.some(isRead) ? ["query"] : []),
    ...(roles ? ["role"] : []),
    ...(operations.some((one) => one.roles.length === 0) ? ["signedIn"] : []),
  ];
  const budgets = [...(operations.some(isRead) ? ["read"] : []), ...(operations.some((one) => !isRead(one)) ? ["write"] : [])];
  const owns = new Map<string, Set<string>>();
  for (const operation of operations) {
    const rule = ownsOf(operation, module);
    if (rule === undefined) continue;
    const names = owns.get(rule.entity) ?? new Set();
    owns.set(rule.entity, names.add(rule.name));
  }
  return lines(
    ofDesign(),
    `import { ${front.join(", ")} } from "plimsoll";`,
    'import { z } from "zod";',
    `import { ${budgets.join(", ")} } from "../budget.ts";`,
    has("list") ? 'import { pageInput, pageOf } from "../paging.ts";' : undefined,
    ...(emittingOf(module).length === 0 ? [] : [`import { ${emittingOf(module).map(eventOf).toSorted().join(", ")} } from "./events.ts";`]),
    ...[...owns].map(([entity, names]) => `import { ${[...names].toSorted().join(", ")} } from "./operations/owns-${kebab(entity)}.ts";`),
    ...entities.flatMap((entity) => ["", ...schemasOf(entity), ...faultsOf(entity, module)]),
    ...operations.flatMap((operation) => ["", ...operationOf(operation, { module, app })]),
  );
}

function schemasOf(entity: EntityModel): readonly string[] {
  const name = pascal(entity.key);
  const status = entity.statuses.length === 0 ? [] : [`  status: z.enum([${entity.statuses.map(quoted).join(", ")}]),`];
  return [
    `/** What a caller says of a new ${words(entity.key)}. */`,
    `export const New${name} = z.object({`,
    ...entity.fields.map((field) => `  ${field.name}: ${inputOf(field)},`),
    "});",
    "",
    `/** ${article(entity.key, true)} ${words(entity.key)} as it is kept. */`,
    `export const ${name} = z.object({`,
    "  id: z.uuid(),",
    ...entity.fields.map((field) => `  ${field.name}: ${outputOf(field)},`),
    ...status,
    "  createdAt: z.iso.datetime(),",
    "  updatedAt: z.iso.datetime(),",
    "});",
  ];
}

/** Whether operations name one row of an entity, which may not be there. */
function needsNotFound(entity: EntityModel, { operations }: ModuleModel): boolean {
  return operations.some(({ act, entity: key }) => key === entity.key && act !== "create" && act !== "list");
}

/** The entities of a module whose rows name a row of this one. */
export function childrenOf(entity: EntityModel, { entities }: ModuleModel): readonly EntityModel[] {
  return entities.filter(({ fields }) => fields.some(({ parent }) => parent === entity.key));
}

function hasUse(entity: EntityModel, module: ModuleModel): boolean {
  return childrenOf(entity, module).length > 0 && module.operations.some(({ act, entity: key }) => key === entity.key && act === "remove");
}

function needsFaults(entity: EntityModel, module: ModuleModel): boolean {
  return needsNotFound(entity, module) || entity.transitions.length > 0 || hasUse(entity, module);
}

function faultsOf(entity: EntityModel, module: ModuleModel): readonly string[] {
  const name = pascal(entity.key);
  const id = `${camel(entity.key)}Id`;
  const one = words(entity.key);
  const faultOf = (
    called: string,
    { suffix, code, more = "", message }: { suffix: string; code: string; more?: string; message: string },
  ): readonly string[] => [
    "",
    `export const ${name}${called} = fault("${entity.key}_${suffix}", {`,
    `  code: "${code}",`,
    `  details: z.object({ ${id}: z.string()${more} }),`,
    `  message: ({ ${id}${more === "" ? "" : ", status"} }) => ${message},`,
    "});",
  ];
  return [
    ...(needsNotFound(entity, module)
      ? faultOf("NotFound", { suffix: "not_found", code: "not_found", message: `\`There is no ${one} \${${id}}.\`` })
      : []),
    ...(entity.transitions.length > 0
      ? faultOf("StatusConflict", {
          ...{ suffix: "status_conflict", code: "failed_precondition", more: ", status: z.string()" },
          message: `\`The ${one} \${${id}} is \${status}. Read it again, and do what its status allows.\``,
        })
      : []),
    ...(hasUse(entity, module)
      ? faultOf("InUse", {
          ...{ suffix: "in_use", code: "failed_precondition" },
          message: `\`Something belongs to the ${one} \${${id}}. Remove that first.\``,
        })
      : []),
  ];
}

/** The rule by which an operation is the caller's own, if its input names a row of this module. */
function ownsOf(
  { act, entity, below }: OperationModel,
  module: ModuleModel,
): { readonly name: string; readonly entity: string } | undefined {
  const own = entityOf(module, entity);
  if (act === "create" || act === "list") {
    const parent = own.fields.find((field) => field.parent !== undefined && (act === "create" || field.column === below))?.parent;
    if (parent === undefined) return undefined;
    const whole = entityOf(module, parent);
    return { name: `${act === "create" && !whole.isShared ? "owns" : "reads"}${pascal(parent)}`, entity: parent };
  }
  return { name: `${act === "get" ? "reads" : "owns"}${pascal(entity)}`, entity };
}

function operationOf(
  operation: OperationModel,
  { module, app }: { readonly module: ModuleModel; readonly app: AppModel },
): readonly string[] {
  const { act, name, roles, from } = operation;
  const entity = entityOf(module, operation.entity);
  const isRead = act === "get" || act === "list";
  const owns = ownsOf(operation, module);
  const faults = faultNames(operation, { entity, module });
  const access = roles.length === 0 ? "signedIn()" : `role(${roles.map(quoted).join(", ")})`;
  return [
    `/** ${from === "" ? "Internal: the PRD names no operation that does it, and other modules may." : from.replaceAll("*/", "* /")} */`,
    `export const ${camel(name)} = ${isRead ? "query" : "command"}("${module.name}.${name}", {`,
    `  summary: ${quoted(summaryOf(operation))},`,
    `  input: ${inputSchema(operation, entity)},`,
    `  output: ${act === "list" ? `pageOf(${pascal(entity.key)})` : act === "remove" ? "z.object({})" : pascal(entity.key)},`,
    ...(faults.length === 0 ? [] : [`  faults: ${listed(faults, { open: "[", close: "]", indent: "  " })},`]),
    `  access: ${access},`,
    ...(emittingOf(module).includes(operation) ? [`  emits: [${eventOf(operation)}],`] : []),
    ...(owns === undefined ? [] : [`  owns: ${owns.name},`]),
    `  budget: ${isRead ? "read" : "write"},`,
    ...(isRead ? [] : [`  idempotent: "${act === "create" ? "key" : "natural"}",`]),
    ...httpOf(operation, { module, app }),
    "});",
  ];
}

/** The faults of an operation, as the contract exports them. */
function faultNames(
  { act }: OperationModel,
  { entity, module }: { readonly entity: EntityModel; readonly module: ModuleModel },
): readonly string[] {
  const name = pascal(entity.key);
  if (act === "create" || act === "list") return [];
  return [
    `${name}NotFound`,
    ...(act === "transition" ? [`${name}StatusConflict`] : []),
    ...(act === "remove" && hasUse(entity, module) ? [`${name}InUse`] : []),
  ];
}

function summaryOf({ act, entity, verb, below }: OperationModel): string {
  const [one, many] = [words(entity), words(plural(entity))];
  if (act === "list") return `List ${many}${below === undefined ? "" : ` of one ${words(below.replace(/_id$/, ""))}`}, the latest first`;
  const does = { create: "Make", get: "Read", update: "Change", remove: "Remove", transition: words(verb ?? "") }[act];
  const text = `${does} ${article(one)} ${one}`;
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function article(noun: string, isFirst = false): string {
  const an = /^(?:[aeio]|un|up)/.test(noun);
  return isFirst ? (an ? "An" : "A") : an ? "an" : "a";
}

/** The name of the input that names the row. */
export function idOf(entity: Pick<EntityModel, "key">): string {
  return `${camel(entity.key)}Id`;
}

function inputSchema({ act, below, route }: OperationModel, entity: EntityModel): string {
  const bound = below === undefined ? undefined : `${camel(below)}: z.uuid()`;
  const own = `${idOf(entity)}: z.uuid()`;
  if (act === "create") return `New${pascal(entity.key)}`;
  if (act === "list") return `z.object({ ${[...(bound === undefined ? [] : [bound]), "...pageInput"].join(", ")} })`;
  const more = bound === undefined ? "" : `${bound}, `;
  if (act !== "update") return `z.object({ ${more}${own} })`;
  if (route?.method === "PUT" && below === undefined) return `New${pascal(entity.key)}.extend({ ${own} })`;
  const changed = entity.fields.filter(({ column, parent }) => column !== below && parent === undefined);
  return `z.object({\n${[
    ...(bound === undefined ? [] : [bound]),
    own,
    ...changed.map((field) => `${field.name}: ${rowOf(field).zod}.optional()`),
  ]
    .map((field) => `    ${field},`)
    .join("\n")}\n  })`;
}

function httpOf(
  { act, route, entity }: OperationModel,
  { module }: { readonly module: ModuleModel; readonly app: AppModel },
): readonly string[] {
  if (route === undefined) return [];
  const stated = `${route.method} ${route.path}`;
  if (act !== "create") return [`  http: ${quoted(stated)},`];
  const get = module.operations.find((other) => other.act === "get" && other.entity === entity && other.below === undefined)?.route;
  const location = get === undefined ? "" : `, location: ({ id }) => \`${get.path.replace(/\{[^}]*\}/, "${id}")}\``;
  return [`  http: { route: ${quoted(stated)}, status: 201${location} },`];
}
