import { posix } from "node:path";
import { type FunctionShape, readFunctions } from "./functions.ts";
import { isFrontDoor } from "./layers.ts";
import type { Problem } from "./problem.ts";
import type { Source } from "./source.ts";

const maxFileLines = 400;
const maxFunctionLines = 70;
const maxParameters = 3;
const maxFolderFiles = 15;
/** Of fast-check: their predicate takes one parameter for each arbitrary, whatever the house likes. */
const perArbitrary = new Set(["property", "asyncProperty"]);

const emptyWords = new Set(["util", "utils", "helper", "helpers", "common", "types", "manager", "managers", "misc"]);
/** The one folder whose subject is types: what the compiler must refuse. */
const namedByDesign = "test/types";

/** Checks how long a file and its functions are, and how many parameters they take. */
export function checkShapes(source: Source): Problem[] {
  const problems: Problem[] = [];
  const lines = source.text.split("\n").length - (source.text.endsWith("\n") ? 1 : 0);
  if (lines > maxFileLines) {
    const message = `${lines} lines, and ${maxFileLines} are allowed. Split it by what changes together.`;
    problems.push({ file: source.path, line: 1, rule: "file-length", message });
  }
  for (const shape of readFunctions(source.tokens)) problems.push(...checkFunction(source.path, shape));
  if (source.path.startsWith("src/")) problems.push(...checkSyntax(source));
  return problems;
}

/** An old Node.js cannot read a file with newer syntax, and so cannot say that a newer one is needed. */
function checkSyntax({ path, tokens }: Source): Problem[] {
  const message = "Node.js before 24 cannot read `using`, and would not say that a newer one is needed. Use try and finally.";
  return tokens.flatMap(({ text, line }, at) =>
    text === "using" && tokens[at + 1]?.kind === "word" && tokens[at + 2]?.text === "="
      ? [{ file: path, line, rule: "old-syntax", message }]
      : [],
  );
}

function checkFunction(file: string, shape: FunctionShape): Problem[] {
  const { line, lines, parameters } = shape;
  const what = shape.name ? `"${shape.name}"` : "A function";
  const problems: Problem[] = [];
  // The callback of describe is a heading over tests, not a function with a control flow.
  if (lines > maxFunctionLines && shape.passedTo !== "describe") {
    const message = `${what} has ${lines} lines, and ${maxFunctionLines} are allowed. Move a step into a function of its own.`;
    problems.push({ file, line, rule: "function-length", message });
  }
  if (parameters.length > maxParameters && !perArbitrary.has(shape.passedTo)) {
    const message = `${what} takes ${parameters.length} parameters, and ${maxParameters} are allowed. Pass one object.`;
    problems.push({ file, line, rule: "parameters", message });
  }
  const property = parameters.find(
    ([first, second]) => /^(public|private|protected|readonly|override)$/.test(first?.text ?? "") && second?.kind === "word",
  );
  if (shape.name === "constructor" && property) {
    const message = `The parameter "${property.at(1)!.text}" is a property too, which cannot be erased. Declare the property and assign it.`;
    problems.push({ file, line: property[0]!.line, rule: "erasable", message });
  }
  return problems;
}

/** Checks that files, folders and exported names say what they are. */
export function checkNames(source: Source): Problem[] {
  const problems: Problem[] = [];
  const fix = "Name it after what it does or holds.";
  const inDesign = source.path.startsWith(`${namedByDesign}/`) || source.path === `${namedByDesign}.test.ts`;
  const empty = inDesign ? undefined : source.path.split(/[/.-]/).find((part) => emptyWords.has(part.toLowerCase()));
  if (empty) problems.push({ file: source.path, line: 1, rule: "name", message: `"${empty}" in the path says nothing. ${fix}` });
  for (const { name, line } of source.exports) {
    const last = name
      .split(/(?=[A-Z])|_/)
      .at(-1)!
      .toLowerCase();
    // "mimeTypes" says what it holds; "types" alone does not.
    const says = last === "types" ? name.toLowerCase() !== "types" : !emptyWords.has(last);
    if (!says) problems.push({ file: source.path, line, rule: "name", message: `The exported name "${name}" says nothing. ${fix}` });
  }
  const index = posix.basename(source.path) === "index.ts" && source.path.startsWith("src/") && !isFrontDoor(source.path);
  if (index)
    problems.push({
      file: source.path,
      line: 1,
      rule: "barrel",
      message: "An index.ts inside the house. Import the files by their names, and delete it.",
    });
  return problems;
}

/** The migrations of one owner run in the order of their names, and a released one stays where it is: their folder only grows. */
const isMigrations = (folder: string): boolean => posix.basename(folder) === "migrations";

/** Checks how many files lie in each folder. */
export function checkFolders(paths: readonly string[]): Problem[] {
  const counts = Map.groupBy(paths, (path) => posix.dirname(path));
  return [...counts].flatMap(([folder, files]) => {
    if (files.length <= maxFolderFiles || isMigrations(folder)) return [];
    const message = `${files.length} files, and ${maxFolderFiles} are allowed. Give a group of them a folder of its own.`;
    return [{ file: folder, line: 1, rule: "folder-size" as const, message }];
  });
}
