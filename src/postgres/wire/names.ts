const names = new Map<string, string>();
/** Texts whose first name was forgotten. */
const renamed = new Set<string>();
const maxNames = 100_000;
let named = 0;

/**
 * One name a text, the same on every connection, so that a pooler between may share prepared statements; undefined beyond so many. A command has its
 * text in its name, so that it can be recognised on the wire.
 */
export function nameOf(text: string, isCommand: boolean): string | undefined {
  let name = names.get(text);
  if (name === undefined && names.size < maxNames) {
    name = `${isCommand ? `${text} ` : ""}p${(named++).toString(36)}`;
    names.set(text, name);
  }
  return name;
}

/** Gives a text another name the next time, under which every connection prepares it again. */
export function forgetName(text: string, name: string | undefined): void {
  if (name === undefined || names.get(text) !== name) return;
  names.delete(text);
  if (renamed.size < maxNames) renamed.add(text);
}

/**
 * The text as it is prepared under a name. After its first name was forgotten the name is part of it: a pooler that keeps prepared statements knows them
 * by their text, and would run the old one.
 */
export function preparedText(text: string, name: string): string {
  return renamed.has(text) ? `${text}\n-- ${name}` : text;
}
