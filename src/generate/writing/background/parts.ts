import type { AppModel, ModuleModel } from "../../model/model.ts";
import { camel } from "../../model/names.ts";
import type { GeneratedFile } from "../file.ts";
import { emittingOf } from "../names.ts";
import { writeMessenger, writeSecrets, writeWebhook } from "./messenger.ts";
import { scheduledOf, tenantQueries, writeEvents, writeReaction, writeSchedules, writeTask } from "./work.ts";

/** What the list of a module has of its work. */
export interface WorkParts {
  readonly imports: readonly string[];
  readonly operations: readonly string[];
  readonly schedules: readonly string[];
}

/** Lists the work of a module for its `module.ts`. */
export function workParts(module: ModuleModel, isTenanted: boolean): WorkParts {
  const scheduled = scheduledOf(module);
  const reactions = module.work.filter(({ on }) => on !== undefined);
  const tasksOf = scheduled.map(({ name, does }) => ({
    name,
    exported: does === "message" ? [camel(name), `${camel(name)}ToOne`] : [camel(name)],
  }));
  const schedules = scheduled.map(({ name }) => `${camel(name)}Schedule`);
  const ofTenants = isTenanted ? [...tenantQueries(module), ...scheduled.map(({ name }) => `${camel(name)}OfTenants`)] : [];
  return {
    imports: [
      ...reactions.map(({ name }) => `import { ${camel(name)} } from "./reactions/${name}.ts";`),
      ...tasksOf.map(({ name, exported }) => `import { ${exported.join(", ")} } from "./tasks/${name}.ts";`),
      ...module.hooks.map(({ name }) => `import { ${camel(name)}, ${camel(name)}Work } from "./webhooks/${name}.ts";`),
      ...(schedules.length === 0 ? [] : [`import { ${[...ofTenants, ...schedules].join(", ")} } from "./schedules.ts";`]),
    ],
    operations: [
      ...reactions.map(({ name }) => camel(name)),
      ...tasksOf.flatMap(({ exported }) => exported),
      ...module.hooks.flatMap(({ name }) => [camel(name), `${camel(name)}Work`]),
      ...ofTenants,
    ],
    schedules,
  };
}

/** Whether anything sends messages. */
export function sendsMessages({ modules }: AppModel): boolean {
  return modules.some(({ work }) => work.some(({ does }) => does === "message"));
}

/** The files of the work of a module. */
export function workFiles(module: ModuleModel, isTenanted: boolean): readonly GeneratedFile[] {
  const at = (name: string, owner: GeneratedFile["owner"], text: string): GeneratedFile => ({
    path: `src/${module.name}/${name}`,
    owner,
    text,
  });
  const scheduled = scheduledOf(module);
  return [
    ...(emittingOf(module).length === 0 ? [] : [at("events.ts", "design", writeEvents(module))]),
    ...module.work
      .filter(({ on }) => on !== undefined)
      .map((work) => at(`reactions/${work.name}.ts`, "person", writeReaction(work, module))),
    ...scheduled.map((work) => at(`tasks/${work.name}.ts`, "person", writeTask(work, module))),
    ...(scheduled.length === 0 ? [] : [at("schedules.ts", "design", writeSchedules(module, isTenanted))]),
    ...module.hooks.map((hook) => at(`webhooks/${hook.name}.ts`, "person", writeWebhook(hook, module))),
  ];
}

/** What the work of all modules shares. */
export function sharedWorkFiles(app: AppModel): readonly GeneratedFile[] {
  return [
    ...(sendsMessages(app) ? [{ path: "src/messenger.ts", owner: "person", text: writeMessenger() } as const] : []),
    ...(app.modules.some(({ hooks }) => hooks.length > 0)
      ? [{ path: "src/webhook-secrets.ts", owner: "person", text: writeSecrets() } as const]
      : []),
  ];
}
