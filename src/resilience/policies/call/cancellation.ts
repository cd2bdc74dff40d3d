/** Runs once when a scope is cancelled. */
export type OnCancel = () => void;

/**
 * What can be cancelled: a node of a tree, whose signal is made and linked to the node above it only if something asks for it.
 * A call that ends without anything reading its signal costs neither an `AbortController` nor a listener.
 * *Guarantees*: what is cancelled above is cancelled here; after `end` nothing above refers to it.
 */
export class CancelScope {
  readonly #above: CancelScope | undefined;
  /** The caller's own, at the top of the tree. */
  readonly #given: AbortSignal | undefined;
  #controller: AbortController | undefined;
  #listeners: OnCancel[] | undefined;
  #isLinked = false;
  #isCancelled = false;
  #reason: unknown;

  private constructor(above: CancelScope | undefined, given: AbortSignal | undefined) {
    this.#above = above;
    this.#given = given;
  }

  /** The top of a tree: cancelled by the caller alone, whose signal it hands on as it is. */
  static top(given: AbortSignal | undefined): CancelScope {
    return new CancelScope(undefined, given);
  }

  /** One below this: cancelled together with it, or alone. Call its `end` when what it cancels has settled. */
  fork(): CancelScope {
    return new CancelScope(this, undefined);
  }

  /** Whether it, or what is above it, was cancelled. */
  get aborted(): boolean {
    return this.#isCancelled || (this.#above?.aborted ?? this.#given?.aborted ?? false);
  }

  /** Why it was cancelled; undefined while it is not. */
  get reason(): unknown {
    return this.#isCancelled ? this.#reason : (this.#above ?? this.#given)?.reason;
  }

  /** Made at the first reading. */
  get signal(): AbortSignal {
    if (this.#given !== undefined) return this.#given;
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.aborted) this.#controller.abort(this.reason);
      else this.#link();
    }
    return this.#controller.signal;
  }

  /** Cancels it and all below it. Does nothing the second time. */
  cancel(reason: unknown): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#reason = reason;
    this.end();
    this.#controller?.abort(reason);
    const listeners = this.#listeners;
    this.#listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener();
  }

  /** Calls `listener` when it is cancelled, unless it is removed before. Ask `aborted` first. */
  listen(listener: OnCancel): void {
    this.#listeners ??= [];
    this.#listeners.push(listener);
    this.#link();
  }

  /** Forgets a listener; does nothing if it was called. */
  unlisten(listener: OnCancel): void {
    const index = this.#listeners?.indexOf(listener) ?? -1;
    if (index === -1) return;
    this.#listeners!.splice(index, 1);
    if (this.#listeners!.length === 0 && this.#controller === undefined) this.end();
  }

  /** Unlinks it from what is above it: nothing above can cancel it any more. */
  end(): void {
    if (!this.#isLinked) return;
    this.#isLinked = false;
    this.#above?.unlisten(this.#onAbove);
    this.#given?.removeEventListener("abort", this.#onAbove);
  }

  #link(): void {
    if (this.#isLinked) return;
    this.#isLinked = true;
    this.#above?.listen(this.#onAbove);
    this.#given?.addEventListener("abort", this.#onAbove);
  }

  readonly #onAbove = (): void => this.cancel((this.#above ?? this.#given)?.reason);
}
