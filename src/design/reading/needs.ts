import type { Quantity } from "../quantities/quantity.ts";
import { perSecond } from "../quantities/quantity.ts";
import { type Block, plain } from "./blocks.ts";
import type { SeenQuantity } from "./seen.ts";

/** Where a value comes from. */
export type NeedStatus = "stated" | "derived" | "assumed" | "missing" | "conflict";

/** Is a place of a document, as `file:line:column`. */
export interface Source {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly quote: string;
}

/** Is one quantity that a design must satisfy. */
export interface Need {
  /** Stable for one document: `N1`, `N2` and so on, in the order of the text. */
  readonly id: string;
  readonly status: NeedStatus;
  readonly quantity: Omit<Quantity, "start" | "end" | "quote">;
  readonly source: Source;
  /** By which rule it binds. */
  readonly rule: string;
  /** What it is of, as the text says it: empty where it is of the whole service. */
  readonly topic: string;
  readonly phase?: string;
}

/** Is a quantity that a document states and that does not bind. */
export interface NotUsed {
  readonly context: string;
  readonly rule: string;
  readonly source: Source;
}

const generic =
  /\b(?:the|a|an|api|apis|system|service|platform|response|responses|time|times|latency|uptime|sla|slo|availability|target|targets?|performance|throughput|overall|must|should|sha[l]l|be|is|of|for|at|in|on|to|with|within|under|less|than|least|most|more|no|not|exceed|average|avg|mean|p\d+|percentile|peak|sustained|support|supports|handle|handles|concurrent|users?|requests?|load|requirements?|value)\b|目标值?|系统|服务|平台|接口|响应时间|响应|延迟|时延|可用性|可用率|可靠性|性能|支持|不超过|不低于|至少|平均|峰值|并发|用户|能力|要求|时间|小于|大于|达到|的/giu;

/** Returns what a quantity is of: the words before it that say more than its measure. */
export function topicOf({ quantity, block }: Pick<SeenQuantity, "quantity" | "block">): string {
  const before = block.text.slice(0, Math.max(quantity.start - block.start, 0));
  const clause = before.split(/[。；;|，,]|\.\s/).at(-1) ?? "";
  const label = block.kind === "cell" ? (block.labels.at(-2) ?? "") : "";
  const words = plain(`${label} ${clause.trim() === "" ? block.text.slice(quantity.end - block.start).split(/[。；;，,(（]/)[0] : clause}`)
    .toLowerCase()
    .replaceAll(generic, " ")
    .match(/[\p{L}]{2,}/gu);
  return (words ?? []).slice(0, 6).join(" ");
}

/** Two needs of one kind: those whose values must agree. */
function kindOf({ quantity, topic, phase }: Need): string {
  const { measure, statistic, load, per, active, subject } = quantity;
  const of =
    measure === "latency" || measure === "availability" || measure === "success" || measure === "errors" || measure === "retention"
      ? topic
      : (active ?? subject ?? "");
  return [measure, statistic, load, per, of, phase].join("|");
}

function amountOf({ quantity }: Need): number {
  return quantity.measure === "rate" ? perSecond(quantity) : (quantity.upper ?? quantity.value);
}

/** Marks those needs as conflicts that say different values of the same thing. */
export function markConflicts(needs: readonly Need[]): readonly Need[] {
  const kinds = Map.groupBy(needs, kindOf);
  return needs.map((need) => {
    const values = new Set(kinds.get(kindOf(need))!.map(amountOf));
    return values.size > 1 ? { ...need, status: "conflict" } : need;
  });
}

/** The needs that contradict each other, in groups. */
export function conflictsOf(needs: readonly Need[]): readonly (readonly Need[])[] {
  return [
    ...Map.groupBy(
      needs.filter(({ status }) => status === "conflict"),
      kindOf,
    ).values(),
  ];
}

/** Is a word that promises much and says nothing that can be measured. */
export interface Vague {
  readonly word: string;
  readonly source: Source;
}

const vagueWords =
  /\b(?:blazing(?:ly)? fast|lightning[- ]fast|very fast|high[- ]performance|low[- ]latency|highly available|high availability|highly scalable|near real[- ]time|massive(?:ly)?|millisecond[- ]level|responds? quickly|fast response)\b|毫秒级|秒级|高性能|高可用|高并发|低延迟|海量|快速响应|极速|准实时/gi;

/** Finds vague words, and where they stand. */
export function findVague(blocks: readonly Block[]): readonly { readonly word: string; readonly start: number }[] {
  return blocks
    .filter(({ kind }) => kind !== "heading" && kind !== "sql")
    .flatMap((block) => [...block.text.matchAll(vagueWords)].map((match) => ({ word: match[0], start: block.start + match.index })));
}
