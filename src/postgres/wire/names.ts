const names = new Map<string, string>();
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
  if (names.get(text) === name) names.delete(text);
}
