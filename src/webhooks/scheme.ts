import assert from "node:assert";

/** A request as a scheme sees it. */
export interface SignedRequest {
  /** The values of the headers that the scheme names, by its own names of them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The bytes as they came: what is signed. */
  readonly body: Uint8Array;
  /** The body as JSON, for schemes that find the id of the message in it. *Faults thrown*: `invalid_argument` where it is none. */
  json(): unknown;
  readonly secrets: readonly string[];
}

/** Who says that a request is genuine: with the id of its message and when it was signed, as far as the scheme has them. */
export type Verdict =
  | { readonly isGenuine: true; readonly id?: string | undefined; readonly signedAtMs?: number | undefined }
  | { readonly isGenuine: false };

/** How a sender signs its webhooks. Write another one as an object with these members. */
export interface WebhookScheme {
  /** As documents name it. */
  readonly name: string;
  /** The headers that it reads: the name by which it gets each, and the name of the header. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is wrong with a secret, as the end of a sentence; undefined where nothing is. */
  problemOf(secret: string): string | undefined;
  /**
   * Judges a request. *Guarantees asked of an implementation*: signatures are compared in constant time, with {@link matches}, and the time that it returns is
   * part of what is signed.
   */
  verify(request: SignedRequest): Verdict;
}

/** What is refused without a signature that fits. */
export const forged: Verdict = { isGenuine: false };

/** The secrets that senders make have more; what is shorter can be guessed. *Units*: characters. */
const leastSecret = 16;

/** Says what is wrong with a secret that is a plain text. */
export function problemOfText(secret: string): string | undefined {
  return secret.length < leastSecret ? `has ${secret.length} characters, and needs at least ${leastSecret}` : undefined;
}

/** Returns the time that a header says in whole seconds since 1970, in milliseconds; undefined where it says none. */
export function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) * 1_000 : undefined;
}

/** Asserts that the secrets of a webhook are some, and that its scheme can use each. The message shows none of them. */
export function assertSecrets(webhook: string, scheme: WebhookScheme, secrets: readonly string[]): void {
  assert(
    secrets.length > 0,
    `webhook("${webhook}") has no secret, so it could verify nothing. Give it the secret that its sender signs with.`,
  );
  for (const [index, secret] of secrets.entries()) {
    const problem = scheme.problemOf(secret);
    assert(
      problem === undefined,
      `Secret ${index + 1} of webhook("${webhook}") ${problem}. Copy the whole secret that the sender of the webhook shows.`,
    );
  }
}
