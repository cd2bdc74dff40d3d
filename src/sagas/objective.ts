import { type Code, codes, isCode } from "../core/code.ts";
import type { EndState } from "./ports/store.ts";

/**
 * Returns whether a saga that has ended did what it promised; undefined where it goes on, or was undone for a reason of its caller, such as a declined card.
 * `fault`: JSON, as it is kept.
 */
export function isGoodEnd(state: EndState, fault: string | undefined): boolean | undefined {
  if (state === "completed") return true;
  if (state === "failed") return false;
  if (state !== "undone") return undefined;
  return codes[codeOf(fault)].objective === "missed" ? false : undefined;
}

function codeOf(fault: string | undefined): Code {
  try {
    const code: unknown = JSON.parse(fault ?? "null")?.code;
    return isCode(code) ? code : "internal";
  } catch {
    return "internal";
  }
}
