import { readBoundAfter, readBoundBefore } from "./bounds.ts";
import { findLoads, findStatistics, type Mark } from "./marks.ts";
import { meaningOf } from "./meanings.ts";
import { type Normalized, normalize } from "./normalized.ts";
import type { Bound, Quantity } from "./quantity.ts";
import { findPer } from "./scopes.ts";
import { readUnit, readUnitBefore, type Unit } from "./units.ts";
import { findValues, type WrittenValue } from "./values.ts";
import { readWindowBefore } from "./windows.ts";

/** Is a number with its unit, before the words around it are read. */
interface Candidate {
  readonly written: WrittenValue;
  readonly unit: Omit<Unit, "end">;
  readonly bound: Bound;
  /** Where the number itself begins. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Finds every quantity that a text states, in English and Chinese, in the order of the text.
 * *Bounds*: its time grows with the length of the text.
 * *Guarantees*: `text.slice(start, end)` is `quote`, whatever the form of its characters.
 * @param about what stands around the text, such as its heading, for quantities whose own sentence does not say what they measure
 * *Example*: `readQuantities("10k TPS with sub-100ms latency")`
 */
export function readQuantities(text: string, about = ""): readonly Quantity[] {
  const normalized = normalize(text);
  const all = findStatistics(normalized.text);
  const found = withoutShares(findCandidates(normalized.text), all, normalized.text);
  const zones = found.map((_, index) => zonesOf(normalized.text, found, index));
  const claimants = found.map((candidate, index) => ({
    ...zones[index]!,
    isTime: candidate.unit.unit === "ms",
    isCount: candidate.unit.unit === "count",
  }));
  const places = findPer(normalized.text).map(({ per, at }) => ({ value: per, start: at, end: at + 1 }));
  const statistics = claim(all, claimants, ({ isTime }) => isTime);
  const loads = claim(findLoads(normalized.text), claimants, ({ isCount }) => isCount);
  const scopes = claim(places, claimants, ({ isCount }) => isCount);
  return found.flatMap((candidate, index) => {
    const marks = { statistic: statistics.get(index)?.value, load: loads.get(index)?.value, per: scopes.get(index)?.value };
    const quantity = { ...quantityOf(candidate, normalized, text), ...meant(candidate, zones[index]!, about) };
    return isPhrase(candidate) ? [] : [withMarks(quantity, marks)];
  });
}

/** "95% of requests within 200 ms" states one quantity: the share is the percentile of the time beside it. */
function withoutShares(found: readonly Candidate[], statistics: ReturnType<typeof findStatistics>, text: string): readonly Candidate[] {
  const times = found.filter(({ unit }) => unit.unit === "ms");
  const shares = statistics.filter(
    ({ isShare, start }) => isShare && times.some((time) => breakBefore(text, time.start) <= start && start < breakAfter(text, time.end)),
  );
  return found.filter(({ number }) => !shares.some(({ start }) => start === number));
}

/** "One user", "a third-party service": small numbers in words are rarely figures, unless they are times. */
function isPhrase({ written, unit }: Candidate): boolean {
  return written.inWords && unit.unit === "count" && unit.windowMs === undefined && written.value < 100;
}

function findCandidates(text: string): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const written of findValues(text)) {
    const floor = Math.max(found.at(-1)?.end ?? 0, breakBefore(text, written.start));
    if (written.start < (found.at(-1)?.end ?? 0)) continue;
    const before = text.slice(Math.max(floor, written.start - 80), written.start);
    const candidate = readCandidate(text, before, written);
    if (candidate !== undefined) found.push(candidate);
  }
  return found;
}

function readCandidate(text: string, before: string, written: WrittenValue): Candidate | undefined {
  const offset = written.start - before.length;
  const label = readUnitBefore(before, written.value);
  let after = readUnit(text, written.end, written.value);
  const starts = [written.start];
  if (after?.measure === "rate" && after.subject === undefined && label !== undefined) after = { ...after, ...label, end: after.end };
  if (after === undefined && label === undefined) return undefined;
  if (after === undefined) starts.push(offset + label!.start);
  let unit: Omit<Unit, "end"> = after ?? label!;
  const end = after?.end ?? written.end;
  const window = unit.windowMs === undefined && unit.unit !== "ms" && unit.unit !== "percent" ? readWindowBefore(before) : undefined;
  if (window !== undefined && unit.active === undefined) {
    unit = { ...unit, windowMs: window.windowMs, ...(unit.unit === "count" ? { measure: "rate" as const } : {}) };
    starts.push(offset + window.start);
  }
  const prefix = readBoundBefore(before);
  const suffix = readBoundAfter(text, end, unit.unit === "ms");
  if (prefix !== undefined) starts.push(offset + prefix.start);
  const bound = prefix?.bound ?? written.bound ?? unit.bound ?? suffix?.bound ?? "exactly";
  return { written, unit, bound, number: written.start, start: Math.min(...starts), end: suffix?.end ?? end };
}

const sentenceBreak = /[。!！\n]|\.(?=\s)/g;

/** Where the sentence begins that holds `index`; unlike a clause it may have semicolons, and a question that it answers. */
function sentenceStart(text: string, index: number): number {
  const last = [...text.slice(Math.max(0, index - 400), index).matchAll(sentenceBreak)].at(-1);
  return last === undefined ? 0 : Math.max(0, index - 400) + last.index + 1;
}

function sentenceEnd(text: string, index: number): number {
  const found = text.slice(index, index + 400).search(sentenceBreak);
  return found === -1 ? text.length : index + found;
}

const hardBreak = /[。；;!?！？\n]|\.(?=\s)/g;

function breakBefore(text: string, index: number): number {
  const from = Math.max(0, index - 200);
  const last = [...text.slice(from, index).matchAll(hardBreak)].at(-1);
  return last === undefined ? (from === 0 ? 0 : from) : from + last.index + 1;
}

function breakAfter(text: string, index: number): number {
  hardBreak.lastIndex = index;
  const match = hardBreak.exec(text);
  hardBreak.lastIndex = 0;
  return Math.min(match?.index ?? text.length, index + 200);
}

/** The text around a quantity that may qualify it, up to its neighbours. */
interface Zones {
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
  readonly text: string;
}

// "200 ms at p95": what follows is said of the number before it.
const separator =
  /[,，、+;|@/]|\s(?:and|with|or|at(?! (?:the )?(?:peak|average|median|T?P-?\d|\d{2}(?:\.\d+)?(?:th|st|nd|rd)?[ -]percentile))|while|but)\s|且|和|并(?!发)|同时(?!在线)|[(（]/gi;

function zonesOf(text: string, all: readonly Candidate[], index: number): Zones {
  const { start, end, number } = all[index]!;
  const previous = all[index - 1];
  const next = all[index + 1];
  const floor = breakBefore(text, start);
  const ceiling = breakAfter(text, end);
  const from = previous === undefined || previous.end <= floor ? floor : cut(text, previous.end, start).right;
  const to = next === undefined || next.start >= ceiling ? lastEnd(text, end, ceiling) : cut(text, end, next.start).left;
  return { before: [Math.min(from, start), number], after: [end, Math.max(to, end)], text };
}

/** Where what follows the last quantity of a clause ends: "in under 30 seconds, p99" still names its percentile. */
function lastEnd(text: string, from: number, to: number): number {
  const named = /^\s?[,，]\s?[Pp]\d{2,3}(?=[\s.。;；]*$)/.exec(text.slice(from, to))?.[0].length;
  return named === undefined ? cut(text, from, to).left : from + named;
}

/** Divides what lies between two quantities: what follows the first, and what leads to the second. Without a separator it is shared. */
function cut(text: string, from: number, to: number): { readonly left: number; readonly right: number } {
  const between = text.slice(from, to);
  // What stands in parentheses right after a quantity is said of it.
  const aside = /^[^,，;；。()（）]{0,24}[(（][^()（）]*[)）]/.exec(between)?.[0].length ?? 0;
  separator.lastIndex = aside;
  const match = separator.exec(between);
  separator.lastIndex = 0;
  if (match !== null) return { left: from + match.index, right: from + match.index + match[0].length };
  return aside === 0 ? { left: to, right: from } : { left: from + aside, right: from + aside };
}

interface Claimant extends Zones {
  readonly isTime: boolean;
  readonly isCount: boolean;
}

/** Gives each mark to at most one quantity: what stands before a quantity comes first. */
function claim<M extends Mark<unknown>>(
  marks: readonly M[],
  claimants: readonly Claimant[],
  takes: (claimant: Claimant) => boolean,
): ReadonlyMap<number, M> {
  const taken = new Set<M>();
  const claims = new Map<number, M>();
  for (const [index, claimant] of claimants.entries()) {
    if (!takes(claimant)) continue;
    const within = ([from, to]: readonly [number, number]) =>
      marks.filter((mark) => !taken.has(mark) && mark.start >= from && mark.end <= to);
    const mark = within(claimant.before).at(-1) ?? within(claimant.after)[0];
    if (mark === undefined) continue;
    taken.add(mark);
    claims.set(index, mark);
  }
  return claims;
}

function meant({ unit }: Candidate, { before, after, text }: Zones, about: string): Pick<Quantity, "measure"> {
  if (unit.measure !== "duration" && unit.measure !== "ratio") return { measure: unit.measure };
  const near = meaningOf(unit.unit, { before: text.slice(...before), after: text.slice(...after) });
  const sentence = text.slice(sentenceStart(text, before[1]), sentenceEnd(text, after[0]));
  return { measure: near ?? meaningOf(unit.unit, { before: `${about} ${sentence}`, after: "" }) ?? unit.measure };
}

function quantityOf({ written, unit, bound, start, end }: Candidate, normalized: Normalized, original: string): Quantity {
  const from = normalized.originalStart(start);
  const to = normalized.originalEnd(end);
  const scaled = (value: number) => Number((value * unit.factor).toPrecision(15));
  return {
    measure: unit.measure,
    value: scaled(written.value),
    ...(written.upper === undefined ? {} : { upper: scaled(written.upper) }),
    unit: unit.unit,
    bound,
    ...(unit.windowMs === undefined ? {} : { windowMs: unit.windowMs }),
    ...(unit.subject === undefined ? {} : { subject: unit.subject }),
    ...(unit.active === undefined ? {} : { active: unit.active }),
    ...(unit.per === undefined ? {} : { per: unit.per }),
    start: from,
    end: to,
    quote: original.slice(from, to),
  };
}

interface Marks {
  readonly statistic: Quantity["statistic"] | undefined;
  readonly load: Quantity["load"] | undefined;
  readonly per: Quantity["per"] | undefined;
}

function withMarks(quantity: Quantity, { statistic, load, per }: Marks): Quantity {
  const isLatency = quantity.measure === "duration" && statistic !== undefined && statistic !== "mean";
  return {
    ...quantity,
    ...(isLatency ? { measure: "latency" as const } : {}),
    ...(statistic === undefined ? {} : { statistic }),
    ...(load === undefined ? {} : { load }),
    ...(per === undefined || quantity.per !== undefined ? {} : { per }),
  };
}
