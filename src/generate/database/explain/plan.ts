/** A node of a plan, as `explain (format json)` writes it: what is read of it here. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Parent Relationship"?: string;
  readonly "Relation Name"?: string;
  readonly Schema?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Recheck Cond"?: string;
  readonly "TID Cond"?: string;
  readonly Filter?: string;
  readonly "Sort Key"?: readonly string[];
  readonly "Plan Rows"?: number;
  readonly Plans?: readonly PlanNode[];
}

/** What hurts once tables are large: a table read whole, rows sorted that no index orders, a table read for each row of another. */
export type HarmKind = "scan" | "sort" | "loop";

/** One place of a plan that hurts. */
export interface Harm {
  readonly hurts: HarmKind;
  /** As in `orders.orders`. */
  readonly table: string;
  /** The condition or the order that no index serves; empty where there is none. */
  readonly by: string;
}

/** What is known where a node is looked at. */
interface Above {
  /** A few rows are enough for what is above. */
  readonly isLimited: boolean;
  /** It runs for each row of another. */
  readonly isInner: boolean;
  /** Its rows are joined with those of another. */
  readonly isJoined: boolean;
}

/** Names the tables that a plan reads without an index. Indexes of a part of a table may be read whole. */
export function readsWithoutIndex(plan: PlanNode, partial: ReadonlySet<string>): readonly Harm[] {
  const found: Harm[] = [];
  const walk = (node: PlanNode, above: Above): void => {
    const table = tableOf(node);
    if (table !== undefined && !isServed(node, { above, partial }))
      found.push({ hurts: above.isInner || (above.isJoined && node.Filter === undefined) ? "loop" : "scan", table, by: node.Filter ?? "" });
    const type = node["Node Type"];
    for (const below of node.Plans ?? [])
      walk(below, {
        isLimited: type === "Limit" || (above.isLimited && passes.has(type)) || (type === "Result" && isQuestion(below)),
        isInner: above.isInner || (type === "Nested Loop" && below["Parent Relationship"] === "Inner"),
        isJoined: above.isJoined || joins.has(type),
      });
  };
  walk(plan, { isLimited: false, isInner: false, isJoined: false });
  return found;
}

/** Names the tables of which rows are sorted, where there may be more than one. */
export function sorts(plan: PlanNode): readonly Harm[] {
  const below = (plan.Plans ?? []).flatMap(sorts);
  const [from] = plan.Plans ?? [];
  if (plan["Node Type"] !== "Sort" || from === undefined || (from["Plan Rows"] ?? 0) <= 1) return below;
  const table = sortedTable(from);
  return table === undefined ? below : [...below, { hurts: "sort", table, by: (plan["Sort Key"] ?? []).join(", ") }];
}

/** Writes a plan in one line, from the outermost node to the innermost. */
export function outlineOf(node: PlanNode): string {
  const { "Node Type": type, "Index Name": index, "Relation Name": table } = node;
  const named = index !== undefined ? `${type} ${index}` : table !== undefined && tableOf(node) !== undefined ? `${type} ${table}` : type;
  const below = (node.Plans ?? []).map(outlineOf);
  if (below.length === 0) return named;
  return below.length === 1 ? `${named} > ${below[0]}` : `${named} (${below.join("; ")})`;
}

/** Nodes that ask for no more rows than is asked of them. */
const passes = new Set(["Result", "Subquery Scan", "LockRows", "Append", "Merge Append", "Nested Loop", "ProjectSet"]);
const joins = new Set(["Nested Loop", "Hash Join", "Merge Join"]);
const scans = new Set(["Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Tid Scan", "Tid Range Scan", "Sample Scan"]);

function tableOf(node: PlanNode): string | undefined {
  if (!scans.has(node["Node Type"]) || node["Relation Name"] === undefined) return undefined;
  return node.Schema === undefined ? node["Relation Name"] : `${node.Schema}.${node["Relation Name"]}`;
}

function isServed(node: PlanNode, { above, partial }: { above: Above; partial: ReadonlySet<string> }): boolean {
  if (node["Index Cond"] !== undefined || node["Recheck Cond"] !== undefined || node["TID Cond"] !== undefined) return true;
  if (partial.has(`${node.Schema}.${node["Index Name"]}`)) return true;
  return above.isLimited && !above.isInner && node.Filter === undefined;
}

/** `exists (…)` asks for one row. */
function isQuestion(node: PlanNode): boolean {
  return node["Parent Relationship"] === "InitPlan" && node["Node Type"].endsWith("Scan");
}

/** The table of which the rows are sorted as they are read; undefined where they are computed, which no index orders. */
function sortedTable(node: PlanNode): string | undefined {
  const table = tableOf(node);
  if (table !== undefined) return table;
  if (/Aggregate|Group|WindowAgg|Function|Values|CTE/.test(node["Node Type"])) return undefined;
  for (const below of node.Plans ?? []) {
    if (/InitPlan|SubPlan/.test(below["Parent Relationship"] ?? "")) continue;
    const found = sortedTable(below);
    if (found !== undefined) return found;
  }
  return undefined;
}
