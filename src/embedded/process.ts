import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** One process, distinguished from a later one that got the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of the system; only equality means anything. */
  readonly startedAt: string;
}

/** Reads who has this number now; undefined when no process has it. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return process.platform === "linux" ? identifyByProc(pid) : identifyByPs(pid);
}

/** Whether this very process still lives. */
export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  return identify(pid)?.startedAt === startedAt;
}

/** Reads the command line of a process; undefined when it is gone or hidden from us. */
export function commandLine(pid: number): string | undefined {
  if (process.platform !== "linux") return ps(pid, "command=");
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return undefined;
  }
}

function identifyByProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is a name in parentheses that may hold anything, so the count begins behind the last one.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    // A zombie has let go of everything; in a container whose first process reaps no process it stays in the table for ever.
    if (state === "Z" || state === "X") return undefined;
    return { pid, startedAt: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  const startedAt = ps(pid, "lstart=");
  return startedAt ? { pid, startedAt } : undefined;
}

function ps(pid: number, column: string): string | undefined {
  try {
    return execFileSync("ps", ["-ww", "-o", column, "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
