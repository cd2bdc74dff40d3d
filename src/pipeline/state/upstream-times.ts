/** How long an execution has waited for each upstream: calls to the same one at the same time count once. */
export class UpstreamTimes {
  readonly #open = new Map<string, { calls: number; since: number }>();
  /** *Units*: milliseconds by upstream; of those that were left. */
  readonly ms = Object.create(null) as Record<string, number>;

  enters(name: string, now: number): void {
    const open = this.#open.get(name);
    if (open === undefined) this.#open.set(name, { calls: 1, since: now });
    else open.calls++;
  }

  leaves(name: string, now: number): void {
    const open = this.#open.get(name);
    if (open === undefined || --open.calls > 0) return;
    this.#open.delete(name);
    this.#count(name, now - open.since);
  }

  /** Counts what is still waited for: the execution has ended without it. */
  close(now: number): void {
    for (const [name, { since }] of this.#open) this.#count(name, now - since);
    this.#open.clear();
  }

  #count(name: string, ms: number): void {
    this.ms[name] = (this.ms[name] ?? 0) + ms;
  }
}
