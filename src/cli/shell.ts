import { exits } from "./exits.ts";
import { type Place, run } from "./run.ts";

const leaving: ReadonlySet<string> = new Set(["exit", "quit", "退出", "再见"]);

/**
 * Says where the folder stands, and then runs one command line after the other, as they would stand behind `plimsoll`: until the input ends, `exit`, or Ctrl-C.
 * An empty line says again what comes next. Returns the exit code of the process.
 */
export async function runShell(place: Place): Promise<number> {
  await run([], place);
  for (;;) {
    const line = await place.terminal.ask("plimsoll> ", place.signal);
    if (place.signal.aborted) return exits.interrupted.code;
    const words = wordsOf(line ?? "exit");
    if (words[0] === "plimsoll") words.shift();
    if (leaving.has(words[0]?.replace(/^[/／]/, "") ?? "")) return exits.fine.code;
    await run(words, place);
    if (place.signal.aborted) return exits.interrupted.code;
  }
}

/** Cuts a line into words; what stands in quotes is one. */
export function wordsOf(line: string): string[] {
  return (line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}
