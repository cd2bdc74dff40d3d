const characterClass = String.raw`\[-?(?:[a-z]-[a-z]|[A-Z]-[A-Z]|\d-\d|\\[dw.+\-]|[A-Za-z0-9_.+%'@:,/])+-?\]`;
const plainSource = new RegExp(String.raw`^\^(?:[A-Za-z0-9_:@,/?*+|()-]|\\[dw.+\-/:]|\{\d+(?:,\d*)?\}|${characterClass})*\$$`);

/**
 * Whether everything that a pattern matches is text that JSON writes as it is: no quotes, backslashes, control characters or surrogates.
 * Says no where it is not sure; a pattern has to be made of the simplest parts, and to begin at the beginning and end at the end.
 */
export function matchesPlainText({ source, flags }: RegExp): boolean {
  return !/[msv]/.test(flags) && plainSource.test(source) && !hasOuterChoice(source);
}

/** `^a|b$` is bound at one end only. */
function hasOuterChoice(source: string): boolean {
  let depth = 0;
  for (const part of source.matchAll(/\\.|\[(?:\\.|[^\]])*\]|[()|]/g)) {
    if (part[0] === "(") depth++;
    else if (part[0] === ")") depth--;
    else if (part[0] === "|" && depth === 0) return true;
  }
  return false;
}
