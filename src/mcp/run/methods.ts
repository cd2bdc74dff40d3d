import { methodUnknown, paramsInvalid } from "../faults.ts";
import { type Page, pageOf } from "../model/model.ts";
import type { Server } from "../server.ts";
import type { Asking } from "./asking.ts";
import { callTool } from "./call-tool.ts";
import { complete } from "./complete.ts";
import { listen } from "./follow/listen.ts";
import { getPrompt } from "./get-prompt.ts";
import { isLevel } from "./notify/log-levels.ts";
import { readResource } from "./read-resource.ts";
import { cancelTask, readTask, updateTask } from "./task/tasks.ts";

/** Responds to a request of a method. `starts`: it is charged by the operation that it starts, and not by itself. */
interface Method {
  readonly starts?: true;
  run(server: Server, asking: Asking): object | Promise<object>;
}

/** Methods of both eras. */
const common: Readonly<Record<string, Method>> = {
  "tools/list": { run: (server, asking) => list(server, asking, "tools") },
  "tools/call": { starts: true, run: ({ terms }, asking) => callTool(terms, asking) },
  "resources/list": { run: (server, asking) => list(server, asking, "resources") },
  "resources/templates/list": { run: (server, asking) => list(server, asking, "resourceTemplates") },
  "resources/read": { starts: true, run: ({ terms }, asking) => readResource(terms, asking) },
  "prompts/list": { run: (server, asking) => list(server, asking, "prompts") },
  "prompts/get": { starts: true, run: ({ terms }, asking) => getPrompt(terms, asking) },
  "completion/complete": { run: ({ terms }, asking) => complete(terms, asking) },
};
const modern: Readonly<Record<string, Method>> = {
  ...common,
  "server/discover": { run: (server) => server.discovered },
  "tasks/get": { starts: true, run: ({ terms }, asking) => readTask(terms, asking) },
  "tasks/cancel": { starts: true, run: ({ terms }, asking) => cancelTask(terms, asking) },
  "tasks/update": { run: ({ terms }, asking) => updateTask(terms, asking) },
  "subscriptions/listen": { starts: true, run: ({ terms }, asking) => listen(terms, asking) },
};
const legacy: Readonly<Record<string, Method>> = {
  ...common,
  ping: { run: () => ({}) },
  "logging/setLevel": { run: setLevel },
  "resources/subscribe": { run: ({ terms }, asking) => terms.follows.subscribe(terms, asking) },
  "resources/unsubscribe": { run: ({ terms }, asking) => terms.follows.unsubscribe(asking) },
};

/** Finds the method that a request names. *Faults thrown*: `mcp_method_unknown`. */
export function methodOf({ client, message }: Asking): Method {
  const methods = client.era === "modern" ? modern : legacy;
  const method = message.method as string;
  const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (found === undefined) throw methodUnknown(method);
  return found;
}

function list({ lists, terms: { limits } }: Server, { message }: Asking, word: keyof Server["lists"]): object {
  const { cursor } = message.params;
  if (cursor !== undefined && typeof cursor !== "string") throw paramsInvalid('"cursor" is not a text.');
  const page: Page<object> | undefined = pageOf<object>(lists[word], cursor, limits.pageItems);
  if (page === undefined) throw paramsInvalid("The cursor is none of this list. Leave it out to begin with the first page.");
  const { items, ...rest } = page;
  return { [word]: items, ...rest };
}

function setLevel({ terms }: Server, { client, message }: Asking): object {
  const { level } = message.params;
  if (!isLevel(level)) throw paramsInvalid('"level" is not one of syslog, as "info" is.');
  if (client.session !== undefined) terms.logLevels.set(client.session, level);
  return {};
}
