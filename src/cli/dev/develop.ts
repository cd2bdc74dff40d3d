import { resolve } from "node:path";
import { systemClock, type Timer } from "../../core/clock.ts";
import { limits } from "../../core/limits.ts";
import { Program } from "./program.ts";
import { watchFolders } from "./watch-folders.ts";

/**
 * Runs a program of Node.js and starts it again after each burst of changes to source files, until SIGINT, SIGTERM or SIGHUP.
 *
 * The program is asked to stop by SIGTERM, and is not started again before it ended, so that no two hold the same port. One that ends by itself, as after
 * a mistake in its text, is started by the next change. From its second start on it finds their count in `PLIMSOLL_RELOADS`, and can be brief.
 * *Bounds*: `limits.devSettleMs` without a change end a burst; `limits.devStopMs` for the program to end; folders by {@link watchFolders}.
 */
export function develop(args: readonly string[]): Promise<never> {
  const folders = args.filter((arg) => arg.startsWith(watchOption)).map((arg) => arg.slice(watchOption.length));
  const rest = args.filter((arg) => !arg.startsWith(watchOption));
  const program = new Program(rest, say);
  let settling: Timer | undefined;
  const changed = new Set<string>();
  const restart = () => {
    const [first, ...others] = changed;
    say(`${first}${others.length > 0 ? ` and ${others.length} more` : ""} changed.`);
    changed.clear();
    program.restart();
  };
  watchFolders(folders.length > 0 ? folders.map((folder) => resolve(folder)) : [process.cwd()], {
    changed(path) {
      changed.add(path);
      settling?.cancel();
      settling = systemClock.schedule(limits.devSettleMs, restart);
    },
    failed: say,
  });
  // The first asks the program to end; the second does not wait for it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => program.end());
  program.restart();
  return new Promise(() => undefined);
}

const watchOption = "--watch=";

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
