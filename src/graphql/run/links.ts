import { type Fault, toFault } from "../../core/fault.ts";
import { aboveLimit, type GraphqlLimits } from "../limits.ts";
import type { PlannedLink, Wanted } from "../plan/project.ts";
import type { Calls } from "./calls.ts";
import type { ErrorList } from "./replies.ts";

/** What links are brought with. */
export interface LinkTerms {
  readonly calls: Calls;
  readonly errors: ErrorList;
  readonly limits: GraphqlLimits;
}

type Fields = Readonly<Record<string, unknown>>;

/** Brings what relations want: all objects of one relation together, and then what these want in turn. */
export class Links {
  readonly #terms: LinkTerms;
  /** Objects for which something was brought. */
  #charged = 0;

  constructor(terms: LinkTerms) {
    this.#terms = terms;
  }

  /** Fills in all that is wanted. Never rejects. */
  async bring(wanted: readonly Wanted[]): Promise<void> {
    const byLink = new Map<PlannedLink, Wanted[]>();
    for (const want of wanted) {
      // Null is there already.
      if (want.key === null) continue;
      const known = byLink.get(want.link);
      if (known === undefined) byLink.set(want.link, [want]);
      else known.push(want);
    }
    await Promise.all([...byLink].flatMap(([link, wants]) => batchesOf(wants, link.relation.most).map((batch) => this.#call(link, batch))));
  }

  async #call(link: PlannedLink, batch: readonly Wanted[]): Promise<void> {
    const { operation, field, input } = link.relation;
    try {
      this.#charge(batch.length);
      const done = await this.#terms.calls.make({
        operation,
        ...{ input: { [input]: [...new Set(batch.map(({ key }) => key))] }, idempotencyKey: undefined },
        ...{ title: `relation ${field}`, labels: { type: "relation", field }, charges: batch.length },
      });
      if (done === undefined) return;
      if (done.fault !== undefined) throw done.fault;
      await this.#give(link, batch, done.output?.value as Fields);
    } catch (thrown) {
      const fault: Fault = toFault(thrown);
      for (const { path } of batch) this.#terms.errors.add(fault, { path });
    }
  }

  /** What lists had was not known when the document was weighed. */
  #charge(objects: number): void {
    const { limits } = this.#terms;
    this.#charged += objects;
    if (this.#charged > limits.complexity) throw aboveLimit(limits, "complexity", this.#charged);
  }

  async #give({ relation: { items, match, many }, project }: PlannedLink, batch: readonly Wanted[], output: Fields): Promise<void> {
    const found = new Map<unknown, unknown[]>();
    for (const item of output[items] as readonly Fields[]) {
      const known = found.get(item[match]);
      if (known === undefined) found.set(item[match], [item]);
      else known.push(item);
    }
    const next: Wanted[] = [];
    for (const { key, into, path, link } of batch) {
      const own = found.get(key) ?? [];
      if (many) into[link.key] = own.map((item, at) => project(item, next, { before: path, key: at }));
      else if (own.length > 0) into[link.key] = project(own[0], next, path);
    }
    if (next.length > 0) await this.bring(next);
  }
}

/** Cuts what is wanted into calls of at most so many different keys; each key stands in one of them. */
function batchesOf(wants: readonly Wanted[], most: number): readonly (readonly Wanted[])[] {
  const byKey = new Map<unknown, Wanted[]>();
  for (const want of wants) {
    const known = byKey.get(want.key);
    if (known === undefined) byKey.set(want.key, [want]);
    else known.push(want);
  }
  const keys = [...byKey.values()];
  return Array.from({ length: Math.ceil(keys.length / most) }, (_, at) => keys.slice(at * most, (at + 1) * most).flat());
}
