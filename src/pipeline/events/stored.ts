import { Problems } from "../../core/schema.ts";
import { messageOf } from "../../core/value/thrown.ts";
import type { DomainEvent } from "../../operation/events/event.ts";
import type { CompiledEvent } from "./declared.ts";

/** Whether the code takes an event of that version: it is its own, or `upcast` makes its own of it. */
export function takesVersion({ version: own, upcast = {} }: DomainEvent, version: number): boolean {
  if (!Number.isInteger(version) || version < 1 || version > own) return false;
  for (let at = version; at < own; at++) if (typeof upcast[at] !== "function") return false;
  return true;
}

/** Why stored data cannot be read. */
export class Unreadable {
  readonly problems: Problems;

  constructor(problems: Problems) {
    this.problems = problems;
  }

  get text(): string {
    return this.problems.list.map(({ pointer, message }) => `${pointer || "/"}: ${message}`).join("; ");
  }
}

/** Reads the stored data of an event of a version that the code takes: brings it to the current version, and parses it. */
export function readStored({ event, data }: CompiledEvent, version: number, json: string): unknown {
  let value: unknown = JSON.parse(json);
  for (let at = version; at < event.version; at++) {
    try {
      value = event.upcast?.[at]?.(value as never);
    } catch (error) {
      return new Unreadable(new Problems([{ pointer: "", message: `upcast from version ${at} failed: ${messageOf(error)}` }]));
    }
  }
  const parsed = data.parse(value);
  return parsed instanceof Problems ? new Unreadable(parsed) : parsed;
}
