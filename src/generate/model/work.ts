import type { Design } from "../../design/planning/design.ts";
import { readQuantities } from "../../design/quantities/read-quantities.ts";
import type { LeftOut, ModuleModel, OperationModel, WorkModel } from "./model.ts";
import { kebab, past, snake, words } from "./names.ts";
import type { OperationReader } from "./operations.ts";
import { changeVerbOf } from "./sentences.ts";

type Stated = NonNullable<Design["work"]>[number];

/** Statuses that the clock leads to need a rule, although no caller asks for it. */
export function prepareWork(stated: readonly Stated[], reader: OperationReader): void {
  for (const { name, cron } of stated) {
    const verb = cron === undefined ? undefined : changeVerbOf(name);
    const entity = reader.mentioned(name);
    if (verb !== undefined && verb !== "remove" && entity !== undefined && ageOf(name) !== undefined) reader.ensureTransition(entity, verb);
  }
}

/** Turns the work that a PRD states into that of modules, and says what it left out. */
export function readWork(
  modules: readonly ModuleModel[],
  { stated, reader }: { readonly stated: readonly Stated[]; readonly reader: OperationReader },
): { readonly modules: readonly ModuleModel[]; readonly leftOut: readonly LeftOut[] } {
  const leftOut: LeftOut[] = [];
  const made = new Map<string, WorkModel[]>();
  const names = new Set(modules.flatMap(({ operations }) => operations.map(({ name }) => name)));
  for (const one of stated) {
    const work = workOf(one, { modules, reader });
    const place = `${one.source.file}:${one.source.line}`;
    if (work === undefined) {
      leftOut.push({ name: one.name, place, why: "unclear" });
      continue;
    }
    const { module, ...rest } = work;
    const name = freeName(nameOf(one.name, rest), names);
    made.set(module, [...(made.get(module) ?? []), { ...rest, name, title: one.name, from: `${place} ${one.name}` }]);
  }
  return { modules: modules.map((module) => ({ ...module, work: made.get(module.name) ?? [] })), leftOut };
}

interface Known {
  readonly modules: readonly ModuleModel[];
  readonly reader: OperationReader;
}

type Draft = Omit<WorkModel, "name" | "title" | "from"> & { readonly module: string };

function workOf(one: Stated, known: Known): Draft | undefined {
  return one.cron === undefined ? reactionOf(one, known) : scheduledOf(one, known);
}

const messages = /\b(?:send|notify|notif\w+|e-?mail|sms|remind\w*|inform|push|alert)\b|通知|发送|提醒|短信|邮件|推送/i;

function reactionOf({ name, after = "" }: Stated, { modules, reader }: Known): Draft | undefined {
  const said = plainWords(after);
  const entity = reader.mentioned(said);
  const module = modules.find(({ entities }) => entities.some(({ key }) => key === entity));
  const meant = module?.operations.filter((operation) => operation.entity === entity && isSaid(operation, said)) ?? [];
  // A status says more than that there is a new one.
  const on = meant.find(({ act }) => act === "transition") ?? meant[0];
  if (module === undefined || entity === undefined || on === undefined) return undefined;
  // A change of something else needs to know which: that is for a person to say.
  if (!messages.test(name) && changeVerbOf(name) !== undefined) return undefined;
  return { module: module.name, entity, does: messages.test(name) ? "message" : "report", on: on.name };
}

function scheduledOf({ name, cron }: Stated, { modules, reader }: Known): Draft | undefined {
  const entity = reader.mentioned(name);
  const module = modules.find(({ entities }) => entities.some(({ key }) => key === entity));
  if (module === undefined || entity === undefined) return undefined;
  const base = { module: module.name, entity, cron: cron! };
  if (messages.test(name)) return { ...base, does: "message" };
  const verb = changeVerbOf(name);
  if (verb === undefined) return { ...base, does: "report" };
  const ageMs = ageOf(name);
  const isWhole = module.entities.some(({ fields }) => fields.some(({ parent }) => parent === entity));
  if (ageMs === undefined || (verb === "remove" && isWhole)) return undefined;
  return { ...base, does: "change", verb, ageMs };
}

/** How old something is by then. */
function ageOf(text: string): number | undefined {
  return readQuantities(text).find(({ unit, windowMs }) => unit === "ms" && windowMs === undefined)?.value;
}

const creation =
  /creat(?:ed|es|ion)|placed?|regist(?:ered|ers)|submit(?:ted|s)|\bbook(?:ed|s)\b|receiv(?:ed|es)|uploaded|\bmade|\bnew\b|\badd(?:ed|s)\b|requested|arrives?|recorded|创建|提交|下单|注册|新增|上传|预约|发起|收到|生成/i;

function isSaid({ act, verb }: OperationModel, said: string): boolean {
  if (act === "create") return creation.test(said);
  if (act !== "transition" || verb === undefined) return false;
  const stem = verb.slice(0, Math.max(4, verb.length - 1));
  const low = said.toLowerCase();
  return low.includes(words(stem)) || low.includes(words(past(verb))) || changeVerbOf(said) === verb;
}

/** `order.paid` and `OrderPaid` as `order paid`. */
function plainWords(text: string): string {
  return text.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").replaceAll(/[._-]+/g, " ");
}

const small =
  /^(?:an?|the|to|of|in|for|and|with|that|every|each|all|its?|their|at|on|by|from|is|are|was|were|after|older|than|day|night|week|month|hour|minutes?|hours?|days?|nightly|daily|hourly|weekly|monthly|am|pm)$/;

function nameOf(said: string, { does, entity, verb }: Pick<WorkModel, "does" | "entity" | "verb">): string {
  const named = (snake(said.replaceAll(/[\d:]+|\([^)]*\)/g, " ")) === undefined ? "" : said.replaceAll(/[\d:]+|\([^)]*\)/g, " "))
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length > 1 && !small.test(word));
  if (named.length >= 2 && !/\p{Script=Han}/u.test(said)) return named.slice(0, 4).join("-");
  const lead = { message: "tell-of", change: verb ?? "change", report: "report" }[does];
  return `${lead}-${kebab(entity)}`;
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let count = 2; taken.has(free); count += 1) free = `${name}-${count}`;
  taken.add(free);
  return free;
}
