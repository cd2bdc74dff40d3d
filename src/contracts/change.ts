/** What a change does to those who rely on the contract. `harmless`: they notice nothing; `break`: something that worked does not work any more. */
export type Severity = "break" | "harmless";

/** One difference between two descriptions of the contracts of an app. */
export interface Change {
  /** What kind of change it is, as in `input_field_required`: stable, for tools. */
  readonly rule: string;
  readonly severity: Severity;
  /** The part of the description that it is in: `rest`, `events`, `signals`, `grpc`, `mcp`, `graphql`. */
  readonly part: string;
  /** What changed: the operation or the event, and where in it, as in `orders.place input.lines[].quantity`. */
  readonly where: string;
  /** What it was and what it is. */
  readonly message: string;
  /** Who is affected: whose calls fail, or who reads what is not there any more. Empty where no caller and no reader is. */
  readonly affects: string;
  /** How to do it without breaking them. Empty where nothing is to do. */
  readonly fix: string;
}

/** Collects the changes of one part of a description. */
export class Changes {
  readonly list: Change[] = [];
  readonly #part: string;

  constructor(part: string) {
    this.#part = part;
  }

  breaks(rule: string, where: string, { message, affects, fix }: Pick<Change, "message" | "affects" | "fix">): void {
    this.list.push({ rule, severity: "break", part: this.#part, where, message, affects, fix });
  }

  harmless(rule: string, where: string, message: string): void {
    this.list.push({ rule, severity: "harmless", part: this.#part, where, message, affects: "", fix: "" });
  }
}
