import type { Fault } from "../../core/fault.ts";
import type { IssuedCredential } from "../../operation/authentication/place.ts";

/** What the reply of an execution gives to the client of its caller, beside the output. */
export class ReplyCredentials {
  /** Given with every reply: the one that came was replaced. */
  renewed: IssuedCredential | undefined = undefined;
  /** Given by handlers, by their names: with a success alone. Replaced as a whole, so that an attempt that is undone finds what was before it. */
  issued: ReadonlyMap<string, IssuedCredential> = none;
  /** Why the caller must not be given any. */
  refusal: Fault | undefined = undefined;

  issue(credential: IssuedCredential): void {
    if (this.refusal !== undefined && credential.value !== "") throw this.refusal;
    this.issued = new Map([...this.issued, [credential.name, credential]]);
  }

  /** Takes back what a transaction gave that did not commit. */
  restore(before: ReadonlyMap<string, IssuedCredential> = none): void {
    this.issued = before;
  }

  /** What a reply gives. */
  of(succeeded: boolean): readonly IssuedCredential[] {
    const { renewed, issued } = this;
    const given = succeeded ? [...issued.values()] : [];
    return renewed === undefined || given.some(({ name }) => name === renewed.name) ? given : [renewed, ...given];
  }
}

const none: ReadonlyMap<string, IssuedCredential> = new Map();
