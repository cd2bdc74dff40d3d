import { limits } from "../core/limits.ts";
import { type AuditKeys, beginning } from "./keys.ts";
import type { AuditHead, AuditStore, ChainedRecord } from "./store.ts";

/**
 * What was found. `edited`: a record is not as it was written. `missing`: a record, or a link of the chain, was deleted. `reordered`: a link does not stand where it
 * was made. `unchained`: a record was added past the application, or its link was deleted. `span`: a sealed span was changed. `key`: the key that made a hash is not
 * among those that were given.
 */
export interface AuditProblem {
  readonly kind: "edited" | "missing" | "reordered" | "unchained" | "span" | "key";
  readonly tenant: string;
  /** Its place in the chain of its tenant; null where it has none. */
  readonly n: number | null;
  /** The record; null where only a link, or a span, is concerned. */
  readonly id: string | null;
}

/** What a verification found. */
export interface AuditVerdict {
  readonly isIntact: boolean;
  /** Records that were verified. */
  readonly checked: number;
  /** Records that wait to be chained, up to `limits.auditTurn`. */
  readonly pending: number;
  /** *Bounds*: `limits.auditProblems`. */
  readonly problems: readonly AuditProblem[];
  /** The ends of the chains. */
  readonly heads: readonly AuditHead[];
}

/** What is verified. */
export interface AuditVerification {
  /** *Default*: all tenants. */
  readonly tenant?: string;
  /** Ends of chains as they were seen earlier, and kept elsewhere. A chain that does not go through them was cut off or made again. */
  readonly heads?: readonly AuditHead[];
}

/** Where the verification of one chain stands. */
interface Walk {
  readonly tenant: string;
  n: number;
  /** The last link that is sealed. */
  sealedN: number;
  /** The hash of the link before; undefined where that is missing. */
  previous: string | undefined;
  checked: number;
  readonly problems: AuditProblem[];
  /** Those of the heads that were seen earlier, by their places. */
  readonly expected: Map<number, string>;
}

/** Verifies the chains of all tenants, or of one, from their beginning, a bounded part at a time. */
export async function verifyAudit(
  store: AuditStore,
  keys: AuditKeys,
  { tenant, heads: seen = [] }: AuditVerification,
): Promise<AuditVerdict> {
  const problems: AuditProblem[] = [];
  const heads: AuditHead[] = [];
  let checked = 0;
  const verify = async (of: string) => {
    const walk = await walkChain({ store, keys }, { tenant: of, expected: seen, through: Number.MAX_SAFE_INTEGER });
    checked += walk.checked;
    problems.push(...walk.problems.slice(0, limits.auditProblems - problems.length));
    if (walk.n > 0) heads.push({ tenant: of, n: walk.n, hash: walk.previous ?? "" });
  };
  for (const of of await tenantsOf(store, tenant, seen)) await verify(of);
  const bounds = { olderMs: limits.auditUnchainedMs, limit: limits.auditTurn };
  for (const { id, tenant: of, missing } of await store.unchained(tenant, bounds))
    if (problems.length < limits.auditProblems) problems.push({ kind: missing ? "missing" : "unchained", tenant: of ?? "", n: null, id });
  return { isIntact: problems.length === 0, checked, pending: await store.countPending(limits.auditTurn), problems, heads };
}

async function tenantsOf(store: AuditStore, tenant: string | undefined, seen: readonly AuditHead[]): Promise<ReadonlySet<string>> {
  if (tenant !== undefined) return new Set([tenant]);
  const tenants = new Set(seen.map((head) => head.tenant));
  for (let after: string | undefined; ; ) {
    const heads = await store.heads(after, limits.auditTurn);
    for (const head of heads) tenants.add(head.tenant);
    after = heads.at(-1)?.tenant;
    if (heads.length < limits.auditTurn || after === undefined) return tenants;
  }
}

/** Verifies the chain of a tenant up to a place. */
export async function walkChain(
  { store, keys }: { readonly store: AuditStore; readonly keys: AuditKeys },
  { tenant, expected, through }: { readonly tenant: string; readonly expected: readonly AuditHead[]; readonly through: number },
): Promise<Walk> {
  const own = expected.filter((head) => head.tenant === tenant).map(({ n, hash }) => [n, hash] as const);
  const walk: Walk = { tenant, n: 0, sealedN: 0, previous: beginning, checked: 0, problems: [], expected: new Map(own) };
  await walkSpans({ store, keys }, walk);
  walk.sealedN = walk.n;
  for (let more = true; more; ) {
    const chained = await store.chain(tenant, walk.n, Math.min(limits.auditTurn, through - walk.n));
    for (const one of chained) checkLink(keys, walk, one);
    more = chained.length === limits.auditTurn && walk.n < through;
  }
  for (const n of walk.expected.keys()) if (n > walk.n) found(walk, { kind: "missing", n, id: null });
  return walk;
}

async function walkSpans({ store, keys }: { readonly store: AuditStore; readonly keys: AuditKeys }, walk: Walk): Promise<void> {
  for (;;) {
    const spans = await store.spans(walk.tenant, walk.n, limits.auditTurn);
    for (const span of spans) {
      const hash = keys.span(span);
      if (hash === undefined) found(walk, { kind: "key", n: span.toN, id: null });
      else if (hash !== span.hash || span.fromN !== walk.n + 1) found(walk, { kind: "span", n: span.toN, id: null });
      walk.n = span.toN;
      walk.previous = span.link;
      reach(walk, span.toN, span.link);
    }
    if (spans.length < limits.auditTurn) return;
  }
}

function checkLink(keys: AuditKeys, walk: Walk, { link, record }: ChainedRecord): void {
  const { n, id } = link;
  for (let gone = walk.n + 1; gone < n && walk.problems.length < limits.auditProblems; gone++)
    found(walk, { kind: "missing", n: gone, id: null });
  if (n !== walk.n + 1) walk.previous = undefined;
  walk.n = n;
  walk.checked++;
  const isNext = walk.previous === undefined || walk.previous === link.previous;
  walk.previous = link.hash;
  reach(walk, n, link.hash);
  if (record === undefined) return found(walk, { kind: "missing", n, id });
  const hash = keys.record(record);
  const linked = keys.link(link, record.hash);
  if (hash === undefined || linked === undefined) return found(walk, { kind: "key", n, id });
  if (hash !== record.hash || record.tenant !== walk.tenant) return found(walk, { kind: "edited", n, id });
  if (linked === link.hash) {
    if (!isNext) found(walk, { kind: "reordered", n, id });
    return;
  }
  found(walk, { kind: "reordered", n, id });
  // The one behind it follows a link that is not there any more, and is not to blame.
  walk.previous = undefined;
}

/** Compares with what was seen earlier at this place. */
function reach(walk: Walk, n: number, hash: string): void {
  const seen = walk.expected.get(n);
  walk.expected.delete(n);
  if (seen !== undefined && seen !== hash) found(walk, { kind: "reordered", n, id: null });
}

function found(walk: Walk, problem: Omit<AuditProblem, "tenant">): void {
  if (walk.problems.length < limits.auditProblems) walk.problems.push({ ...problem, tenant: walk.tenant });
}
