import type { Design } from "../../design/planning/design.ts";
import { type Draft, referenceTo } from "./entities.ts";
import type { EntityModel, HookModel, LeftOut, ModuleModel, OperationModel, TransitionModel } from "./model.ts";
import { camel, kebab, past, plural, singular, snake, words } from "./names.ts";
import { isPlural, isPrefix, partsOf, type RoutePart, served, signIn } from "./routes.ts";
import { asksSignIn, readSentence } from "./sentences.ts";

type Stated = Design["operations"][number];
type Placed = OperationModel & { readonly module: string };

/** Turns the operations that a PRD states into those of the code, and says which it left out and why. */
export class OperationReader {
  readonly #drafts: Draft[];
  readonly #placed: Placed[] = [];
  readonly #roles: (stated: Stated) => readonly string[];
  readonly leftOut: LeftOut[] = [];
  readonly #hooks: (HookModel & { readonly module: string })[] = [];

  constructor(drafts: readonly Draft[], roles: (stated: Stated) => readonly string[]) {
    this.#drafts = drafts.map(({ name, entities }) => ({ name, entities: [...entities] }));
    this.#roles = roles;
  }

  /** Reads one. */
  read(stated: Stated): void {
    if (stated.method === undefined || stated.path === undefined) this.#readSentence(stated);
    else this.#readRoute(stated, { method: stated.method as "GET", path: stated.path });
  }

  /** Completes what was read: every entity can be made, and statuses follow from the verbs. */
  modules(): readonly ModuleModel[] {
    return this.#drafts
      .filter(({ entities }) => entities.length > 0)
      .map(({ name, entities }) => {
        const operations = [...this.#placed.filter(({ module }) => module === name).map(({ module: _, ...operation }) => operation)];
        for (const { key } of entities) {
          const own = operations.filter(({ entity }) => entity === key);
          if (!own.some(({ act }) => act === "create")) operations.push(internal("create", key));
          if (own.length === 0) operations.push(internal("list", key));
        }
        const hooks = this.#hooks.filter(({ module }) => module === name).map(({ module: _, ...hook }) => hook);
        return {
          ...{ name: kebab(name), schema: name, operations, work: [], hooks },
          entities: entities.map((entity) => finished(entity, operations)),
        };
      });
  }

  #readRoute(
    stated: Stated,
    { method, path }: { readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"; readonly path: string },
  ): void {
    const parts = partsOf(path);
    const own = parts.filter((part) => !isPrefix(part));
    const last = own.at(-1);
    if (last === undefined) return this.#leave(stated, "unclear");
    if (own.some(({ name, isParameter }, at) => !isParameter && at === 0 && signIn.test(name)) || signIn.test(last.name))
      return this.#leave(stated, "sign-in");
    if (served.test(own[0]!.name) && method === "GET") return this.#leave(stated, "covered", "ops port");
    if (method === "POST" && own.some(({ name }) => /^(?:webhooks?|callbacks?|notify)$/.test(name)))
      return this.#readHook(stated, { path, own });
    const things = this.#things(own);
    const thing = things.at(-1);
    if (thing === undefined) return this.#leave(stated, "unclear");
    const { entity, at } = thing;
    const parent = things.at(-2);
    const rest = own.slice(at + 1);
    const act = actOf(method, rest);
    if (act === undefined) return this.#leave(stated, "unclear");
    const verb = act === "transition" ? rest.at(-1)!.name : undefined;
    const isBelow = parent !== undefined && own[parent.at + 1]?.isParameter === true;
    const below = isBelow ? this.#refer(entity, parent.entity) : undefined;
    const names = new Map(things.map((one) => [one.at + 1, `${camel(one.entity)}Id`]));
    const route = `/${parts.map((part) => (part.isParameter ? `{${names.get(own.indexOf(part)) ?? camel(part.name)}}` : part.text)).join("/")}`;
    if (rest.some((part, index) => part.isParameter && index > 0)) return this.#leave(stated, "unclear");
    this.#place(stated, { act, entity, route: { method, path: route }, ...(verb && { verb }), ...(below !== undefined && { below }) });
  }

  /** A webhook lies in the module of what its path names. */
  #readHook(stated: Stated, { path, own }: { readonly path: string; readonly own: readonly RoutePart[] }): void {
    const named = own.map(({ name }) => this.#find(name, undefined)).find((key) => key !== undefined);
    const drafts = this.#drafts.filter(({ entities }) => entities.length > 0);
    const draft = drafts.find(({ entities }) => entities.some(({ key }) => key === named)) ?? drafts[0];
    if (draft === undefined || own.some(({ isParameter }) => isParameter)) return this.#leave(stated, "unclear");
    const words = own.filter(({ name }) => !/^(?:webhooks?|callbacks?|notify)$/.test(name)).map(({ name }) => kebab(name));
    const name = this.#free([...words, "webhook"].join("-"));
    if (this.#hooks.some((hook) => hook.name === name)) return this.#leave(stated, "covered", name);
    this.#hooks.push({
      module: draft.name,
      name,
      path: path.replace(/[?#].*$/, ""),
      from: `${stated.source.file}:${stated.source.line} ${stated.name}`,
    });
  }

  /** Makes the rule of a status that no caller asks for. */
  ensureTransition(entity: string, verb: string): void {
    if (this.#placed.some((one) => one.act === "transition" && one.entity === entity && one.verb === verb)) return;
    const module = this.#drafts.find(({ entities }) => entities.some(({ key }) => key === entity))!.name;
    const operation = { act: "transition", entity, verb } as const;
    this.#placed.push({ ...operation, name: this.#free(nameOf(operation)), module, roles: [], from: "" });
  }

  /** The entities that a path names, each with its place. A name that no entity has becomes one. */
  #things(own: readonly RoutePart[]): readonly { readonly entity: string; readonly at: number }[] {
    const things: { entity: string; at: number }[] = [];
    for (const [at, part] of own.entries()) {
      if (part.isParameter) continue;
      const before = things.at(-1);
      const found = this.#find(part.name, before?.entity);
      if (found !== undefined) things.push({ entity: found, at });
      else if (
        before === undefined &&
        (isPlural(part.name) || at === own.length - 1) &&
        !/^(?:search|checkout|upload|webhooks?|batch)$/.test(part.name)
      )
        things.push({ entity: this.#add(singular(part.name)), at });
      else if (before !== undefined && own[at - 1]?.isParameter && isPlural(part.name))
        things.push({ entity: this.#add(`${before.entity}_${singular(part.name)}`, before.entity), at });
    }
    return things;
  }

  #find(name: string, parent: string | undefined): string | undefined {
    const one = singular(name);
    const keys = this.#drafts.flatMap(({ entities }) => entities.map(({ key }) => key));
    return keys.find((key) => parent !== undefined && key === `${parent}_${one}`) ?? keys.find((key) => key === one);
  }

  #add(key: string, parent?: string): string {
    const fields = parent === undefined ? [] : [{ ...referenceTo(parent), parent }];
    const entity: EntityModel = {
      key,
      title: words(key),
      table: plural(key),
      fields,
      uniques: [],
      isShared: false,
      statuses: [],
      transitions: [],
    };
    const draft = this.#drafts.find(({ entities }) => entities.some((one) => one.key === parent));
    if (draft === undefined) this.#drafts.push({ name: plural(key), entities: [entity] });
    else draft.entities.push(entity);
    return key;
  }

  /** The column by which an entity names another, made where the PRD lists none. */
  #refer(key: string, parent: string): string {
    const draft = this.#drafts.find(({ entities }) => entities.some((one) => one.key === key))!;
    const at = draft.entities.findIndex((one) => one.key === key);
    const entity = draft.entities[at]!;
    const column = `${parent}_id`;
    if (!entity.fields.some((field) => field.column === column))
      draft.entities[at] = { ...entity, fields: [referenceTo(parent), ...entity.fields] };
    return column;
  }

  #readSentence(stated: Stated): void {
    if (asksSignIn.test(stated.name)) return this.#leave(stated, "sign-in");
    const asked = readSentence(stated.name);
    const entity = this.mentioned(stated.name);
    if (asked === undefined || entity === undefined) return this.#leave(stated, "unclear");
    const same = this.#placed.find(
      (one) =>
        one.entity === entity &&
        (one.act === asked.act || (asked.act === "list" && one.act === "get")) &&
        one.verb === (asked.verb && snake(asked.verb)),
    );
    if (same !== undefined) {
      this.#admit(same, this.#roles(stated));
      return this.#leave(stated, "covered", `${kebab(same.module)}.${same.name}`);
    }
    const base = `/v1/${kebab(plural(entity))}`;
    const one = `${base}/{${camel(entity)}Id}`;
    const route = {
      create: { method: "POST", path: base },
      list: { method: "GET", path: base },
      get: { method: "GET", path: one },
      update: { method: "PATCH", path: one },
      remove: { method: "DELETE", path: one },
      transition: { method: "POST", path: `${one}/${kebab(asked.verb ?? "")}` },
    } as const;
    this.#place(stated, { act: asked.act, entity, route: route[asked.act], ...(asked.verb !== undefined && { verb: snake(asked.verb)! }) });
  }

  /** A further story of another role admits that role too. */
  #admit(operation: Placed, roles: readonly string[]): void {
    const at = this.#placed.indexOf(operation);
    this.#placed[at] = { ...operation, roles: [...new Set([...operation.roles, ...roles])] };
  }

  /** The key of the entity that a sentence names. */
  mentioned(text: string): string | undefined {
    const low = ` ${text.toLowerCase()} `;
    const all = this.#drafts.flatMap(({ entities }) => entities);
    const fits = ({ key, title }: EntityModel): boolean => {
      const short = title.replace(/[（(].*$/, "").replace(/[单表]$/, "");
      return (
        (/\p{Script=Han}/u.test(short) && text.includes(short)) ||
        [words(key), words(plural(key))].some((name) => new RegExp(`[^a-z]${name}[^a-z]`).test(low))
      );
    };
    return all.filter(fits).toSorted((one, other) => other.key.length - one.key.length)[0]?.key;
  }

  #place(stated: Stated, operation: Omit<OperationModel, "name" | "roles" | "from">): void {
    const module = this.#drafts.find(({ entities }) => entities.some(({ key }) => key === operation.entity))!.name;
    const isTaken = ({ route }: OperationModel): boolean =>
      route?.method === operation.route?.method && shapeOf(route?.path) === shapeOf(operation.route?.path);
    const taken = this.#placed.find(isTaken);
    if (taken !== undefined) return this.#leave(stated, "covered", `${kebab(taken.module)}.${taken.name}`);
    const { source } = stated;
    const name = this.#free(nameOf(operation));
    this.#placed.push({ ...operation, name, module, roles: this.#roles(stated), from: `${source.file}:${source.line} ${stated.name}` });
  }

  #free(name: string): string {
    let free = name;
    for (let count = 2; this.#placed.some((one) => one.name === free); count += 1) free = `${name}-${count}`;
    return free;
  }

  #leave({ name, source }: Stated, why: LeftOut["why"], by?: string): void {
    this.leftOut.push({ name, place: `${source.file}:${source.line}`, why, ...(by !== undefined && { by }) });
  }
}

function actOf(method: string, rest: readonly RoutePart[]): OperationModel["act"] | undefined {
  const [first, second] = rest;
  if (first === undefined) return method === "GET" ? "list" : method === "POST" ? "create" : undefined;
  if (!first.isParameter) return undefined;
  if (second === undefined)
    return { GET: "get", PUT: "update", PATCH: "update", DELETE: "remove" }[method] as OperationModel["act"] | undefined;
  if (second.isParameter || rest.length > 2) return undefined;
  if (method === "POST" || (method === "PUT" && !/status|state/.test(second.name))) return "transition";
  return method === "PATCH" || method === "PUT" ? "update" : undefined;
}

function shapeOf(path: string | undefined): string {
  return (path ?? "").replaceAll(/\{[^}]*\}/g, "{}");
}

function nameOf({ act, entity, verb, below, route }: Omit<OperationModel, "name" | "roles" | "from">): string {
  const one = kebab(entity);
  if (act === "list") return `list-${kebab(plural(entity))}${below === undefined ? "" : `-of-${kebab(below.replace(/_id$/, ""))}`}`;
  if (act === "transition") return `${kebab(verb!)}-${one}`;
  return `${act === "update" && route?.method === "PUT" ? "replace" : act}-${one}`;
}

function internal(act: "create" | "list", entity: string): OperationModel {
  const name = nameOf({ act, entity });
  return { act, entity, name, roles: [], from: "" };
}

const finals: ReadonlySet<string> = new Set(
  "cancelled canceled rejected refunded closed deleted archived expired voided completed resolved returned declined".split(" "),
);
/** The status that a verb leads to: one that the PRD lists, in its spelling, or the past of the verb. */
function statusAfter(verb: string, listed: readonly string[]): string {
  const done = past(verb);
  const stem = verb.slice(0, Math.max(4, verb.length - 2));
  const plain = (status: string): string => status.toLowerCase();
  return listed.find((status) => plain(status) === done) ?? listed.find((status) => plain(status).startsWith(stem)) ?? done;
}

const late = /^(?:refund|return|archive|reopen|dispute|restore)/;

function finished(entity: EntityModel, operations: readonly OperationModel[]): EntityModel {
  const own = operations.filter(({ act, entity: key }) => act === "transition" && key === entity.key);
  const verbs = [...new Set(own.map(({ verb }) => verb!))];
  const fields = verbs.length > 0 ? entity.fields.filter(({ column }) => column !== "status") : entity.fields;
  const isBare = fields.every(({ form }) => form === "reference");
  const named = isBare ? [...fields, { column: "name", name: "name", form: "text", isOptional: false } as const] : fields;
  if (verbs.length === 0) return { ...entity, fields: named };
  const statuses = [...new Set([...(entity.stated ?? ["created"]), ...verbs.map((verb) => statusAfter(verb, entity.stated ?? []))])];
  const transitions = verbs.map((verb): TransitionModel => {
    const to = statusAfter(verb, statuses);
    return { verb, to, from: statuses.filter((status) => status !== to && (late.test(verb) || !finals.has(status.toLowerCase()))) };
  });
  return { ...entity, fields: named, statuses, transitions };
}
