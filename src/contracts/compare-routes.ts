import type { OperationPair } from "./pair.ts";

const newOperation = "Keep it, and give the other form a route of its own.";

/** Compares where HTTP serves an operation, and what it says beside the body. */
export function compareRoutes({ name, old: { route: old }, now: { route: now }, changes }: OperationPair): void {
  const { method, path } = old;
  const breaks = (rule: string, what: { readonly message: string; readonly affects: string; readonly fix?: string }) =>
    changes.breaks(rule, name, { fix: newOperation, ...what });
  // A parameter of a path has a name only in its contract.
  if (nameless(path) !== nameless(now.path))
    breaks("path_changed", {
      message: `The path was ${path} and is ${now.path}.`,
      affects: `all callers of ${method} ${path}: they get 404`,
    });
  if (method !== now.method)
    breaks("method_changed", {
      message: `The method was ${method} and is ${now.method}.`,
      affects: `all callers of ${method} ${path}: they get 405`,
    });
  if (old.status !== now.status)
    breaks("status_changed", {
      message: `A success has the status ${now.status}, and had ${old.status}.`,
      affects: "callers who compare the status",
    });
  const [body, otherBody] = [old.body ?? "json", now.body ?? "json"];
  if (body !== otherBody)
    breaks("body_changed", { message: `The body was ${body} and is ${otherBody}.`, affects: "all its callers: they get 415 or 400" });
  if (old.file !== now.file)
    breaks("file_changed", {
      message: `It sent ${old.file ?? "JSON"} and sends ${now.file ?? "JSON"}.`,
      affects: "all callers who read the response",
    });
  for (const type of old.alternatives ?? [])
    if (!(now.alternatives ?? []).includes(type))
      breaks("alternative_removed", {
        message: `It does not send ${type} any more.`,
        affects: `callers who accept only ${type}: they get 406`,
        fix: "Keep the form.",
      });
  for (const type of now.alternatives ?? [])
    if (!(old.alternatives ?? []).includes(type)) changes.harmless("alternative_added", name, `It also sends ${type}.`);
  for (const header of old.says ?? [])
    if (!(now.says ?? []).includes(header))
      breaks("response_header_removed", {
        message: `Responses have no ${header} any more.`,
        affects: `callers who read ${header}`,
        fix: "Keep sending it.",
      });
  for (const header of now.says ?? [])
    if (!(old.says ?? []).includes(header)) changes.harmless("response_header_added", name, `Responses have ${header}.`);
  comparePlaces({ name, old: { route: old } as never, now: { route: now } as never, changes });
}

/** Compares which fields are in headers and cookies. */
function comparePlaces({ name, old: { route: old }, now: { route: now }, changes }: OperationPair): void {
  const sent = { rule: "request_place_changed", who: "callers who send it where it was", fix: "Read it from both places for a while." };
  const read = { rule: "response_place_changed", who: "callers who read it where it was", fix: "Send it in both places for a while." };
  const places = [
    { ...sent, kind: "header", before: old.headers, after: now.headers },
    { ...sent, kind: "cookie", before: old.cookies, after: now.cookies },
    {
      ...sent,
      kind: "If-Match",
      before: versionOf(old.ifMatch),
      after: versionOf(now.ifMatch),
    },
    { ...read, kind: "header", before: old.replyHeaders, after: now.replyHeaders },
    { ...read, kind: "cookie", before: old.replyCookies, after: now.replyCookies },
  ];
  for (const { rule, who, fix, kind, before, after } of places)
    for (const field of new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])) {
      const [from, to] = [before?.[field], after?.[field]];
      // Names of headers have no case.
      if (from === to || (kind === "header" && from?.toLowerCase() === to?.toLowerCase())) continue;
      const place = (at: string | undefined) => (at === undefined ? `no ${kind}` : `the ${kind} ${at}`);
      changes.breaks(rule, `${name} ${field}`, { message: `The field was in ${place(from)} and is in ${place(to)}.`, affects: who, fix });
    }
}

function versionOf(field: string | undefined): Readonly<Record<string, string>> | undefined {
  return field === undefined ? undefined : { [field]: "If-Match" };
}

function nameless(path: string): string {
  return path.replaceAll(/\{[^}]+\}/g, "{}");
}
