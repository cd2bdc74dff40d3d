import type { ServerResponse } from "node:http";
import { endWithHead, type WrittenReply } from "./head.ts";

/** A reply that is not handed to its socket yet. */
interface ReadyReply extends WrittenReply {
  readonly response: ServerResponse;
}

const heldReplies = 32;

/**
 * Hands the replies of one turn of the event loop to their sockets together, after the last request of the turn was taken.
 *
 * A write wakes the client at the other end, which costs the server more than half of what it spends on a request, most of it in the system.
 * One that follows at once finds the other end awake. A response that comes alone in its turn leaves at the end of that turn, which is now.
 * *Bounds*: 32 replies are held, until the turn ends.
 */
export class Outbox {
  #replies: ReadyReply[] = [];
  #scheduled = false;

  push(reply: ReadyReply): void {
    this.#replies.push(reply);
    if (this.#replies.length >= heldReplies) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#turnEnds);
    }
  }

  /** Hands over what is held, now. */
  flush(): void {
    const replies = this.#replies;
    if (replies.length === 0) return;
    this.#replies = [];
    for (const reply of replies) if (!reply.response.destroyed) endWithHead(reply.response, reply);
  }

  readonly #turnEnds = () => {
    this.#scheduled = false;
    this.flush();
  };
}
