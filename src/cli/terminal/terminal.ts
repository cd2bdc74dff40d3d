import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";

/** What the command writes to and asks. */
export interface Terminal {
  /** Writes lines that are the result. */
  out(text: string): void;
  /** Writes lines about the work: progress, errors. */
  err(text: string): void;
  readonly columns: number;
  /** Colours are seen: the output is a terminal that has them, and `NO_COLOR` is not set. */
  readonly colours: boolean;
  /** A person reads the output and can be asked. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks for one line. `undefined`: the input has ended, or the signal has aborted. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined>;
  /** The bytes that come in, until they end or the signal aborts. */
  input(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

const defaultColumns = 80;

/** Makes a terminal of the standard streams of the process. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stdout.columns ?? defaultColumns,
    colours: stdout.isTTY === true && stdout.hasColors(),
    interactive: stdout.isTTY === true && stdin.isTTY === true,
    env,
    async ask(question, signal) {
      const reader = createInterface({ input: stdin, output: stdout });
      const closed = new AbortController();
      reader.once("close", () => closed.abort());
      reader.once("SIGINT", () => process.kill(process.pid, "SIGINT"));
      try {
        return await reader.question(question, { signal: AbortSignal.any([closed.signal, signal]) });
      } catch {
        return undefined;
      } finally {
        reader.close();
      }
    },
    async *input(signal) {
      const end = () => stdin.destroy();
      signal.addEventListener("abort", end, { once: true });
      try {
        yield* stdin;
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}

/** How a piece of text is set off. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Sets a text off where colours are seen. */
export function paint({ colours }: Pick<Terminal, "colours">, style: Style, text: string): string {
  return colours ? styleText(style, text, { validateStream: false }) : text;
}
