import type { Design } from "../../design/planning/design.ts";
import { figure } from "../../design/planning/load.ts";
import { draftModules } from "./entities.ts";
import { type AppModel, keeperRoles } from "./model.ts";
import { english, kebab, singular, snake } from "./names.ts";
import { OperationReader } from "./operations.ts";
import { prepareWork, readWork } from "./work.ts";

const leastConcurrency = 8;

/** Reads a design as the code that it asks for. *Guarantees*: the same design gives the same model. */
export function readModel(design: Design): AppModel {
  const { drafts, leftOut } = draftModules(design);
  const roles = rolesOf(design);
  const reader = new OperationReader(drafts, (stated) => rolesOfStory(stated.role, { design, roles }));
  // Routes first: what a story asks for besides may be covered by them.
  for (const operation of design.operations.filter(({ kind }) => kind === "http")) reader.read(operation);
  for (const operation of design.operations.filter(({ kind }) => kind !== "http")) reader.read(operation);
  const stated = design.work ?? [];
  prepareWork(stated, reader);
  const { modules, leftOut: notDone } = readWork(reader.modules(), { stated, reader });
  const replicas = design.scales[0]?.replicas ?? 2;
  const concurrency = Math.max(leastConcurrency, Math.ceil(design.concurrency.value / replicas));
  return {
    name: nameOf(design.title),
    title: design.title,
    language: design.language,
    isTenanted:
      design.concerns.some(({ name }) => name === "tenancy") ||
      design.answers.some(({ code, value }) => code === "tenancy" && !/^(?:no|none|否|不|无)/i.test(value)),
    roles,
    modules,
    leftOut: [...leftOut, ...reader.leftOut, ...notDone],
    budget: {
      deadlineMs: design.deadlineMs,
      concurrency,
      queue: concurrency * 2,
      formula: `${design.concurrency.formula} = ${figure(design.concurrency.value)}, on ${replicas} processes`,
    },
    port: 3_000,
  };
}

/** The role of a story, and those who look after all. A route without a story is for every caller who has signed in. */
function rolesOfStory(
  role: string | undefined,
  { design, roles }: { readonly design: Design; readonly roles: readonly string[] },
): readonly string[] {
  if (role === undefined) return [];
  const named = design.roles.find(({ name, key }) => key !== undefined && (name === role || name.replace(/[（(].*$/, "") === role));
  const own = kebab(singular(named?.key ?? snake(role) ?? english(role) ?? ""));
  return roles.includes(own) ? [own, ...roles.filter((other) => other !== own && keeperRoles.test(other))] : [];
}

function nameOf(title: string): string {
  const name = kebab(snake(title) ?? english(title) ?? "service");
  return /^(?:plimsoll|node_modules|src|test)$/.test(name) ? `${name}-service` : name;
}

function rolesOf({ roles }: Design): readonly string[] {
  const names = roles.flatMap(({ name, key }) => (key === undefined ? (english(name) ?? []) : singular(key)));
  return [...new Set(names.map((name) => kebab(name)))];
}
