import type { Clock } from "../../../core/clock.ts";
import { Fault } from "../../../core/fault.ts";

/** What a client says to a question: the result, or that it will not say. */
export type Response = Readonly<Record<string, unknown>> | "declined";

interface Question {
  readonly session: string;
  readonly settle: (response: Response) => void;
}

/**
 * The questions to clients of sessions whose responses come with requests of their own, in this process.
 * *Bounds*: how many wait at once, of all sessions and of one, and how long.
 */
export class Questions {
  readonly #open = new Map<string, Question>();
  readonly #most: number;
  readonly #mostOfSession: number;
  readonly #waitMs: number;

  constructor({
    questions,
    sessionQuestions,
    continuationMs,
  }: Readonly<Record<"questions" | "sessionQuestions" | "continuationMs", number>>) {
    this.#most = questions;
    this.#mostOfSession = sessionQuestions;
    this.#waitMs = continuationMs;
  }

  /**
   * Asks: `send` takes the id. Resolves with `declined` too where nothing comes in time, or the request ends.
   * *Faults thrown*: `resource_exhausted` as `mcp_questions_exhausted`.
   */
  async ask(session: string, { clock, signal, send }: { clock: Clock; signal: AbortSignal; send(id: string): void }): Promise<Response> {
    const ofSession = [...this.#open.values()].filter((question) => question.session === session).length;
    if (this.#open.size >= this.#most || ofSession >= this.#mostOfSession) throw exhausted();
    const id = clock.randomBytes(18).toString("base64url");
    const { promise, resolve } = Promise.withResolvers<Response>();
    const decline = () => resolve("declined");
    const timer = clock.schedule(this.#waitMs, decline);
    this.#open.set(id, { session, settle: resolve });
    signal.addEventListener("abort", decline, { once: true });
    try {
      if (signal.aborted) decline();
      else send(id);
      return await promise;
    } finally {
      this.#open.delete(id);
      timer.cancel();
      signal.removeEventListener("abort", decline);
    }
  }

  /** Takes a response. Returns whether something waited for it. */
  respond(session: string, id: unknown, response: Response): boolean {
    const question = typeof id === "string" ? this.#open.get(id) : undefined;
    if (question === undefined || question.session !== session) return false;
    question.settle(response);
    return true;
  }

  /** Nothing waits any more: the process ends. */
  close(): void {
    for (const { settle } of this.#open.values()) settle("declined");
  }
}

const exhausted = (): Fault =>
  new Fault({
    code: "resource_exhausted",
    type: "mcp_questions_exhausted",
    message: "Too many questions wait for clients. Respond to those that are open, or call again later.",
  });
