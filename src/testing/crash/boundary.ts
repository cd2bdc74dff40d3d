import { createHash } from "node:crypto";
import { isSettings } from "../../postgres/statements.ts";

/** What can go wrong at a boundary. See docs/guide/crash-lab.md for what each does. */
export const faults = [
  "cut-before",
  "cut-after",
  "gone-before",
  "gone-after",
  "refused",
  "stalled",
  "twice",
  "clock-forward",
  "clock-back",
  "fails-before",
  "fails-after",
  "lost",
  "again",
] as const;
/** A failure that the lab can inject at a boundary. */
export type CrashFault = (typeof faults)[number];

/** What a boundary is of: which faults make sense there follows from it. */
export type BoundaryKind =
  | "framing"
  | "reading"
  | "statement"
  | "repeatable statement"
  | "outbound"
  | "request"
  | "reply"
  | "last reply"
  | "background";

const writes = ["cut-before", "cut-after", "gone-before", "gone-after", "refused", "clock-forward", "clock-back"] as const;

/**
 * Which faults make sense at which kind of boundary. What frames or only reads leaves nothing behind on the server, so that only what the app does
 * about it can differ; a process that stalls under a caller who asks again costs the seconds until its transaction is ended, and shows nothing that
 * a process that is gone does not; a request that carries no key and is not harmless to repeat is sent once, and its outcome stays unknown.
 */
export const faultsOf: Readonly<Record<BoundaryKind, readonly CrashFault[]>> = {
  framing: ["cut-before", "gone-before"],
  reading: ["cut-before", "cut-after", "gone-before"],
  statement: [...writes, "stalled"],
  "repeatable statement": [...writes, "twice"],
  background: [...writes, "stalled"],
  outbound: ["fails-before", "fails-after", "gone-before", "gone-after", "stalled"],
  request: ["gone-before", "twice"],
  reply: ["lost", "again", "gone-before", "gone-after"],
  "last reply": ["gone-before", "gone-after"],
};

/** One place where work becomes durable, or is about to: named so that the name is the same in every run. */
export interface Boundary {
  /** `<operation>#<instance> <what> <nth>`, as in `orders.place#1 commit 1`. */
  readonly name: string;
  readonly kind: BoundaryKind;
}

/** A boundary and what goes wrong there: one run. */
export interface CrashPoint {
  readonly boundary: string;
  readonly kind: BoundaryKind;
  readonly fault: CrashFault;
}

const separator = " / ";

/** As it is printed, and as `only` and `PLIMSOLL_CRASH` take it. */
export function formatPoint({ boundary, fault }: CrashPoint): string {
  return `${boundary}${separator}${fault}`;
}

/** Whether `only` names the point: `boundary / fault`, or the boundary alone. */
export function isNamed(point: CrashPoint, only: string): boolean {
  return only === formatPoint(point) || only === point.boundary;
}

const shownChars = 56;
const known = new Map<string, string>();

/** A statement in few characters: its beginning, and where that is not all of it, a part of the hash of the whole. */
export function fingerprint(text: string): string {
  let print = known.get(text);
  if (print !== undefined) return print;
  const squeezed = text.replaceAll(/\s+/g, " ").trim();
  if (isSettings(squeezed)) print = "settings";
  else if (squeezed.length <= shownChars) print = squeezed;
  else print = `${squeezed.slice(0, shownChars).trim()}… ${createHash("sha256").update(squeezed).digest("hex").slice(0, 4)}`;
  known.set(text, print);
  return print;
}
