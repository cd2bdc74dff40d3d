/** Finds the line of each value in a JSON text, by its path as in `entities.0.name`. The text is valid JSON. */
export function linesOfJson(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+|\n/g);
  const stack: { readonly path: string; readonly isList: boolean; key: string }[] = [];
  let line = 1;
  let isKey = false;
  const here = (): string => {
    const top = stack.at(-1);
    return top === undefined ? "" : top.path === "" ? top.key : `${top.path}.${top.key}`;
  };
  for (const [token] of tokens) {
    const top = stack.at(-1);
    if (token === "\n") line += 1;
    else if (token === "{" || token === "[") {
      lines.set(here(), line);
      stack.push({ path: here(), isList: token === "[", key: token === "[" ? "0" : "" });
      isKey = token === "{";
    } else if (token === "}" || token === "]") stack.pop();
    else if (token === ",") {
      if (top?.isList) top.key = String(Number(top.key) + 1);
      isKey = top?.isList === false;
    } else if (token === ":") isKey = false;
    else if (isKey && top !== undefined) top.key = String(JSON.parse(token));
    else lines.set(here(), line);
  }
  return lines;
}
