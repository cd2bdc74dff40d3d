import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type Clock, sleep } from "../core/clock.ts";
import { Fault } from "../core/fault.ts";
import { limits } from "../core/limits.ts";
import { identify, isAlive, type ProcessIdentity } from "./process.ts";

interface Holder extends ProcessIdentity {
  readonly nonce: string;
}

/**
 * Waits for the only right to start or stop what lives in a directory, and resolves with the function that gives it back.
 * The right is a file; one whose holder was killed is taken over.
 * *Bounds*: waits `embeddedLockMs`. *Faults thrown*: `unavailable`.
 */
export async function lockDirectory(path: string, clock: Clock): Promise<() => void> {
  const own: Holder = { ...identify(process.pid)!, nonce: clock.uuid() };
  const startedAt = clock.monotonic();
  for (let delayMs = 2; ; delayMs = Math.min(delayMs * 2, 50)) {
    if (place(path, own)) return () => rmSync(path, { force: true });
    const holder = read(path);
    if (holder && !isAlive(holder) && evict({ path, ended: holder, own })) continue;
    if (clock.monotonic() - startedAt > limits.embeddedLockMs) throw stillHeld(path, holder);
    await sleep(clock, delayMs);
  }
}

/** Creates the file with its content in one step, so that no process reads half of it. */
function place(path: string, own: Holder): boolean {
  const draft = `${path}.${own.nonce}`;
  writeFileSync(draft, JSON.stringify(own));
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Removes the file of a holder that ended. Two processes may find the same one, and the slower must not remove the file that the faster has placed
 * since: so the right to evict this one holder is a file of its own, and under it the holder is read once more.
 */
function evict({ path, ended, own }: { path: string; ended: Holder; own: Holder }): boolean {
  const claim = `${path}.evict-${ended.nonce}`;
  if (!place(claim, own)) {
    const evictor = read(claim);
    if (evictor && !isAlive(evictor)) rmSync(claim, { force: true });
    return false;
  }
  try {
    if (read(path)?.nonce === ended.nonce) rmSync(path, { force: true });
    return true;
  } finally {
    rmSync(claim, { force: true });
  }
}

function read(path: string): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  try {
    return JSON.parse(text) as Holder;
  } catch {
    // A living holder's file is always whole; what is not was torn by a crash of the machine.
    return { pid: 0, startedAt: "", nonce: "torn" };
  }
}

function stillHeld(path: string, holder: Holder | undefined): Fault {
  return new Fault({
    code: "unavailable",
    type: "postgres_directory_locked",
    message: `Process ${holder?.pid ?? "(unknown)"} has held ${path} for ${limits.embeddedLockMs / 1000} s. Wait for it or end it; if it has nothing to do with this directory, delete that file.`,
  });
}
