import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Fault } from "../core/fault.ts";
import type { ContractsLock } from "./description.ts";

/**
 * Reads a description that was kept, or says that there is none.
 * *Faults thrown*: `failed_precondition` of type `contracts_lock_invalid` for a file that is none.
 */
export function readLock(path: string): ContractsLock | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw thrown;
  }
  let lock: Partial<ContractsLock> | undefined;
  try {
    lock = JSON.parse(text) as Partial<ContractsLock> | undefined;
  } catch {
    // The message below says it.
  }
  if (typeof lock === "object" && lock !== null && (lock.lockVersion === undefined || lock.lockVersion === 1))
    return { lockVersion: 1, ...lock };
  throw new Fault({
    code: "failed_precondition",
    type: "contracts_lock_invalid",
    message: `${path} does not hold contracts that this version of Plimsoll reads. Restore it from the repository, or use the version that wrote it.`,
  });
}

/** Writes a description in one step: a process that ends meanwhile leaves the earlier one. Parts that *lock* does not have stay as they are. */
export function writeLock(path: string, lock: ContractsLock): void {
  const whole = `${JSON.stringify({ ...readLock(path), ...lock }, undefined, 2)}\n`;
  const beside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    writeFileSync(beside, whole);
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}
