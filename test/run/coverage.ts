// What the tests reach of src/: `npm test -- --coverage`. Every process that the tests start, however deep, leaves what it ran behind.
import { globSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readSource } from "../tidy/source.ts";
import { tokenize } from "../tidy/tokens.ts";

/** What V8 writes of one script in one process: how often each function, and each block that ran otherwise than its surroundings, was run. */
interface ScriptRun {
  readonly url: string;
  readonly functions: readonly { readonly functionName: string; readonly ranges: readonly Range[] }[];
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** The shares of `src/` that the tests have to reach. *Units*: per cent. */
export const floor = { lines: 90, functions: 90 } as const;

/** How much of one file, or of all, was run. */
export interface Reached {
  readonly lines: readonly [run: number, all: number];
  readonly functions: readonly [run: number, all: number];
}

export interface FileReached extends Reached {
  readonly file: string;
  /** Exported functions that nothing called. */
  readonly uncalled: readonly string[];
}

/**
 * Reads what processes left in a folder (`NODE_V8_COVERAGE`) about the sources of a tree, and empties the folder.
 * Lines are those with code after the types are stripped; a file that was never loaded counts with all its code.
 */
export async function readCoverage(folder: string, root: string): Promise<FileReached[]> {
  const prefix = pathToFileURL(join(root, "src/")).href;
  const files = new Map<string, CoveredFile>();
  for (const file of globSync("src/**/*.ts", { cwd: root }).toSorted())
    files.set(prefix + file.slice("src/".length), new CoveredFile(file, await readFile(join(root, file), "utf8")));
  for (const name of await readdir(folder)) {
    // One process at a time: all of them together would not fit into memory.
    for (const script of scriptsOf(await readFile(join(folder, name), "utf8"))) files.get(script.url)?.add(script);
    await rm(join(folder, name));
  }
  return [...files.values()].map((file) => file.reached());
}

/** A process that was killed while it wrote left half a text behind. */
function scriptsOf(text: string): readonly ScriptRun[] {
  try {
    return (JSON.parse(text) as { readonly result: readonly ScriptRun[] }).result;
  } catch {
    return [];
  }
}

/** One source, and what any process ran of it. */
class CoveredFile {
  readonly #file: string;
  readonly #source: string;
  readonly #code: string;
  /** Where the code of each line begins that has any, in order. */
  readonly #offsets: readonly number[];
  readonly #run: Uint8Array;
  /** Functions by where they begin. */
  readonly #functions = new Map<number, { readonly name: string; called: boolean }>();
  #isLoaded = false;

  constructor(file: string, source: string) {
    this.#file = file;
    this.#source = source;
    this.#code = stripTypeScriptTypes(source);
    const starts = lineStarts(this.#code);
    const lines = new Set(tokenize(this.#code).tokens.map(({ line }) => line));
    this.#offsets = [...lines].map((line) => firstCode(this.#code, starts, line));
    this.#run = new Uint8Array(this.#offsets.length);
  }

  add({ functions }: ScriptRun): void {
    this.#isLoaded = true;
    const ranges = functions.flatMap((one) => one.ranges);
    const run = new Uint8Array(this.#offsets.length);
    // The smallest range round a place says how often it ran: it paints last.
    for (const { startOffset, endOffset, count } of ranges.toSorted((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset)))
      run.fill(count > 0 ? 1 : 0, this.#lineAt(startOffset), this.#lineAt(endOffset));
    for (const [line, isRun] of run.entries()) this.#run[line]! |= isRun;
    // The first is the module itself.
    for (const {
      functionName: name,
      ranges: [whole],
    } of functions.slice(1)) {
      const at = whole?.startOffset ?? 0;
      const known = this.#functions.get(at) ?? { name, called: false };
      known.called ||= (whole?.count ?? 0) > 0;
      this.#functions.set(at, known);
    }
  }

  reached(): FileReached {
    const exported = new Set(readSource(this.#file, this.#source).exports.map(({ name }) => name));
    const functions = [...this.#functions.values()];
    const called = functions.filter((one) => one.called).length;
    return {
      file: this.#file,
      lines: [this.#run.reduce((sum, isRun) => sum + isRun, 0), this.#offsets.length],
      functions: [called, this.#isLoaded ? functions.length : countFunctions(this.#code)],
      uncalled: functions.filter((one) => !one.called && exported.has(one.name)).map(({ name }) => name),
    };
  }

  /** The first line whose code begins at the offset or after it. */
  #lineAt(offset: number): number {
    let [low, high] = [0, this.#offsets.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function firstCode(code: string, starts: readonly number[], line: number): number {
  const start = starts[line - 1] ?? 0;
  return start + Math.max(0, code.slice(start).search(/\S/));
}

/** Of a file that was never loaded nothing says where its functions are: those that can be seen count. */
function countFunctions(code: string): number {
  return tokenize(code).tokens.filter(({ text, kind }) => (kind === "word" && text === "function") || text === "=>").length;
}

export function total(files: readonly Reached[]): Reached {
  const add = (of: "lines" | "functions") =>
    files.reduce<[number, number]>(([run, all], file) => [run + file[of][0], all + file[of][1]], [0, 0]);
  return { lines: add("lines"), functions: add("functions") };
}

export const percent = ([run, all]: readonly [number, number]): number => (all === 0 ? 100 : (run / all) * 100);

/** What there is to say: the least reached files, uncalled exports, the shares; and whether the floor holds. */
export function describeCoverage(files: readonly FileReached[]): { readonly text: string; readonly holds: boolean } {
  const all = total(files);
  const least = files.filter(({ lines }) => percent(lines) < floor.lines).toSorted((a, b) => percent(a.lines) - percent(b.lines));
  const shares = { lines: percent(all.lines), functions: percent(all.functions) };
  const lines = [
    ...least.slice(0, 40).map(({ file, lines: [run, of] }) => `  ${((run / of) * 100).toFixed(0).padStart(3)}% of ${of} lines  ${file}`),
    ...files.flatMap(({ file, uncalled }) => uncalled.map((name) => `  no test calls ${name} of ${file}`)),
    `src/ is reached by ${shares.lines.toFixed(1)}% of its lines (floor ${floor.lines}) and ${shares.functions.toFixed(1)}% of its functions (floor ${floor.functions}).`,
  ];
  return { text: lines.join("\n"), holds: shares.lines >= floor.lines && shares.functions >= floor.functions };
}
