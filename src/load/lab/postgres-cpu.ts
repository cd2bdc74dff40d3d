import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks of Linux in a second. */
const ticksPerSecond = 100;

/** Processor time of every process of PostgreSQL on this machine. `undefined` where there is none, or the system does not say. *Units*: milliseconds. */
export function postgresCpuMs(proc = "/proc"): number | undefined {
  let sum: number | undefined;
  for (const name of namesIn(proc)) {
    const [, command, rest] = /^\d+ \((.*)\) (.*)$/s.exec(textOf(`${proc}/${name}/stat`)) ?? [];
    if (command !== "postgres" || rest === undefined) continue;
    const fields = rest.split(" ");
    // Of its own, and of those that it has waited for: a connection that ended counts with its parent.
    const ticks = [fields[11], fields[12]].reduce((all, field) => all + Number(field), 0);
    sum = (sum ?? 0) + (ticks * 1_000) / ticksPerSecond;
  }
  return sum;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** A process may end while it is read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
