/** One statement of an SQL file. */
export interface SqlStatement {
  readonly text: string;
  /** Where it begins; the first line is 1. */
  readonly line: number;
  /** Its first word, in small letters. */
  readonly verb: string;
}

// What a semicolon may hide in, and the words that open and close the body of a function in standard SQL.
const token =
  /--[^\n]*|\/\*|[eE]'(?:[^'\\]|\\.|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\s+|./sy;

/** Splits an SQL file at the semicolons that end statements. It is not a parser: what is no SQL is split somehow, and refused by the server. */
export function splitSql(sql: string): readonly SqlStatement[] {
  const statements: SqlStatement[] = [];
  let begin = -1;
  let verb = "";
  let parentheses = 0;
  let blocks = 0;
  let last = "";
  const close = (end: number) => {
    if (begin >= 0) statements.push({ text: sql.slice(begin, end), line: sql.slice(0, begin).split("\n").length, verb });
    begin = -1;
    verb = "";
    parentheses = blocks = 0;
  };
  for (let at = 0; at < sql.length; ) {
    token.lastIndex = at;
    const [text = ""] = token.exec(sql) ?? [];
    const start = at;
    at = endOf(sql, at, text);
    if (text.startsWith("--") || text === "/*" || text.trim() === "") continue;
    const word = text.toLowerCase();
    if (text === ";" && parentheses === 0 && blocks === 0) close(start);
    else {
      if (begin < 0) {
        begin = start;
        verb = word;
      }
      if (text === "(") parentheses++;
      else if (text === ")") parentheses = Math.max(0, parentheses - 1);
      else if ((word === "atomic" && last === "begin") || (word === "case" && blocks > 0)) blocks++;
      else if (word === "end") blocks = Math.max(0, blocks - 1);
    }
    last = word;
  }
  close(sql.length);
  return statements;
}

/** The end of what begins with `text`: comments nest, and a dollar quote goes to its like. */
function endOf(sql: string, at: number, text: string): number {
  if (text === "/*") {
    let depth = 0;
    const mark = /\/\*|\*\//g;
    mark.lastIndex = at;
    for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
      depth += found[0] === "/*" ? 1 : -1;
      if (depth === 0) return mark.lastIndex;
    }
    return sql.length;
  }
  if (text.startsWith("$") && text.endsWith("$") && text.length > 1) {
    const end = sql.indexOf(text, at + text.length);
    return end < 0 ? sql.length : end + text.length;
  }
  return at + text.length;
}
