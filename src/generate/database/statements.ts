/** A statement of a file of SQL. */
export interface SqlStatementText {
  /** Without comments, with single spaces, and what strings hold left out. */
  readonly text: string;
  readonly line: number;
  /** Rules that a comment in front of it allows, with a reason. */
  readonly allows: readonly string[];
}

const piece = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|(\$\w*\$)[\s\S]*?\1|"[^"]*"|;|[^;'"$/-]+|[\s\S]/g;

/** Divides SQL into statements. What comments, strings and bodies of functions hold is no statement. */
export function statementsOf(sql: string): readonly SqlStatementText[] {
  const found: SqlStatementText[] = [];
  let [text, line, start] = ["", 1, 1];
  let allows: string[] = [];
  const end = (): void => {
    const plain = text.replaceAll(/\s+/g, " ").trim();
    if (plain !== "") found.push({ text: plain, line: start, allows });
    text = "";
    allows = [];
  };
  for (const [part] of sql.matchAll(piece)) {
    if (part === ";") end();
    else if (part.startsWith("--") || part.startsWith("/*")) {
      const allowed = /plimsoll-allow (?<rule>[a-z-]+): *(?<reason>\S.{9,})/.exec(part)?.groups?.rule;
      if (allowed !== undefined) allows.push(allowed);
    } else {
      if (text.trim() === "" && part.trim() !== "") start = line + (/^\s*/.exec(part)?.[0].split("\n").length ?? 1) - 1;
      text += part.startsWith("'") && part.length > 1 ? "''" : /^\$\w*\$/.test(part) ? "$$" : part;
    }
    line += part.split("\n").length - 1;
  }
  end();
  return found;
}
