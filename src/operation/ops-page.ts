/** A request on the ops port, as far as a page reads it. */
export interface OpsRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Reads the body as text. *Bounds*: `limits.opsBodyBytes`. *Faults thrown*: `invalid_argument` of type `body_too_large`. */
  body?(): Promise<string>;
}

/** The response of a page: a status, and a value that is sent as JSON. */
export interface OpsResponse {
  readonly status: number;
  readonly body: unknown;
  /** Sent instead of the body, as plain text. */
  readonly text?: string;
}

/** A page of the ops port that a part of the platform adds. The ops port bounds how many of its requests are answered at once. */
export interface OpsPage {
  /** The page answers for this path and for all paths below it, as in `/tasks`. */
  readonly path: string;
  /**
   * Answers a request; undefined where the page has nothing at that path.
   * *Faults thrown*: any; the ops port answers with the status of the fault, and hides one that is `internal`.
   */
  answer(request: OpsRequest): Promise<OpsResponse | undefined>;
}
