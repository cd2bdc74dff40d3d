// What stands in quotes, in a dollar-quoted text, or in a comment; and what is of interest outside of them.
const token =
  /(e'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|(\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)[\s\S]*?(?:\2|$))|(--[^\n]*)|(\/\*)|(;)|\S/giy;

/** Where a SQL text ends: without the semicolons, comments and spaces behind its last word. */
function endOfStatement(text: string): number {
  let end = 0;
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) {
      at++;
      continue;
    }
    const [all, , , line, block, semicolon] = found;
    at = block === undefined ? at + all.length : endOfComment(text, at);
    if (line === undefined && block === undefined && semicolon === undefined) end = at;
  }
  return end;
}

/** Comments of this kind stand in each other. */
function endOfComment(text: string, from: number): number {
  let depth = 0;
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return text.length;
}

const asked = new Map<string, string>();
const maxAsked = 10_000;

/** A statement as a part of `exists (…)`. */
export function existsText(text: string): string {
  let question = asked.get(text);
  if (question === undefined) {
    question = `select exists (${text.slice(0, endOfStatement(text))}) as found`;
    if (asked.size >= maxAsked) asked.clear();
    asked.set(text, question);
  }
  return question;
}

/** A fragment in which a comment of one line may be the last: what follows it must not be a part of the comment. */
export function closedFragment(text: string): string {
  return text.lastIndexOf("--") > text.lastIndexOf("\n") ? `${text}\n` : text;
}
