/** So many of a turn, where that is not more than an eighth of those that are refused in it. */
const aimed = 8;
const most = 2 * aimed;

/**
 * Chooses which of the requests that come too late in a turn show their tenants before they are refused, evenly over the turn.
 *
 * The kernel may hand over the sockets of one tenant first in every turn. Then all that the others send is refused before their tenants are known, and nothing
 * would say that they are crowded.
 * *Bounds*: about eight of a turn and an eighth of its refusals, as the turn before had them; never more than sixteen.
 */
export class RefusedSample {
  #ordinal = -1;
  #every = aimed;
  #refused = 0;
  #taken = 0;

  /** Whether the next request that is refused in this turn is one of them. `random`: from 0 to below 1. */
  takes(ordinal: number, random: number): boolean {
    if (ordinal !== this.#ordinal) {
      this.#every = Math.max(aimed, Math.ceil(this.#refused / aimed));
      this.#ordinal = ordinal;
      this.#refused = 0;
      this.#taken = 0;
    }
    this.#refused++;
    if (this.#taken >= most || random * this.#every >= 1) return false;
    this.#taken++;
    return true;
  }
}
