/** Bytes in a content, or their base64. */
export type McpBytes = Uint8Array | string;

/** One block of a result or of a prompt, as models read it. */
export type McpContent = {
  /** Of a prompt, who says it. *Default*: `user`. */
  readonly role?: "user" | "assistant";
} & (
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image" | "audio"; readonly data: McpBytes; readonly mimeType: string }
  | { readonly type: "resource"; readonly uri: string; readonly mimeType: string; readonly text: string }
  | { readonly type: "resource"; readonly uri: string; readonly mimeType: string; readonly data: McpBytes }
  | { readonly type: "link"; readonly uri: string; readonly name: string; readonly mimeType?: string }
);

/** How far a call is. */
export interface McpProgress {
  /** It grows with each item. */
  readonly progress: number;
  readonly total?: number;
  readonly message?: string;
}

/** The severities of a line that a client shows, as syslog has them. */
export type McpLevel = "debug" | "info" | "notice" | "warning" | "error" | "critical" | "alert" | "emergency";

/** A line that a client shows while a call runs. */
export interface McpLog {
  readonly level: McpLevel;
  readonly data: unknown;
  readonly logger?: string;
}

/** A sentence, or how it is made of the arguments, which are not validated yet. */
export type McpSentence<Field extends string> = string | ((input: { readonly [Name in Field]?: unknown }) => string);

/**
 * Whom a tool asks for input fields that its arguments lack: a person by a form, the model of the client for a text, or the client for the folders that it works in.
 * The values become fields of the input, and are validated with it.
 */
export type McpAsk<Field extends string> = {
  /** Asked once this other one has its values. *Default*: at once. */
  readonly after?: string;
} & (
  | { readonly person: McpSentence<Field>; readonly fields: readonly [Field, ...Field[]] }
  | { readonly model: McpSentence<Field>; readonly field: Field; readonly maxTokens: number }
  | { readonly roots: Field }
);

/** How agents reach an operation over MCP. */
export interface McpSpec<Field extends string = string, O = never> {
  /** The name of its tool. *Default*: that of the operation. */
  readonly tool?: string;
  /** What people read instead of its name. *Default*: nothing. */
  readonly title?: string;
  /** Whether it changes or removes what is there, and does not only add to it. *Default*: a query does not; of all others, agents are to expect it. */
  readonly destructive?: boolean;
  /**
   * Whether a person confirms each call before it runs: with the sentence that they read, or `true` for one that names the tool and its arguments. A function makes
   * the sentence of the arguments, and undefined where none is needed. *Default*: where it says `destructive: true`, or has a `DELETE` route.
   * @example confirm: ({ cents }) => (Number(cents) < 10_000 ? undefined : `Pay ${cents} cents?`)
   */
  readonly confirm?: boolean | string | ((input: { readonly [Name in Field]?: unknown }) => string | undefined);
  /**
   * The address at which the output of a query is a resource, with input fields in braces, as in `orders://{orderId}`. *Default*: it is only a tool.
   */
  readonly resource?: string;
  /** A stream of the same input, each item of which says that the resource has changed. *Default*: clients cannot subscribe to it. */
  readonly updates?: McpUpdates;
  /**
   * The call is a task of MCP for clients that take tasks: its output names what continues behind it, and others read how that stands. *Default*: its output is all.
   * @example mcp: { task: { reads: getReport, cancels: cancelReport } }
   */
  readonly task?: McpTask;
  /** The name of the prompt that a query is, in the place of a tool, whose messages `content` makes. `true`: that of the operation. *Default*: it is none. */
  readonly prompt?: true | string;
  /** What models read of the output, or of an item of a stream. *Default*: the output as JSON. */
  readonly content?: (output: O) => McpContent | readonly McpContent[];
  /** How far a stream is with an item. *Default*: the number of items. */
  readonly progress?: (item: O) => McpProgress;
  /** The line that a client shows for an item of a stream. *Default*: none. */
  readonly log?: (item: O) => McpLog | undefined;
  /** Whom to ask for input that the arguments lack, by names of which each is asked once. *Default*: the call is refused as it is. */
  readonly asks?: Readonly<Record<string, McpAsk<Field>>>;
}

/** What reads and cancels the work that a call has started. Their input fields are those of its output with the same names. */
export interface McpTask {
  /** A query whose output has `status`: `working`, `completed`, `failed` or `cancelled`. Once it is no longer `working`, that output is the result. */
  readonly reads: McpReads;
  /** A command that is `natural`. *Default*: the work is not cancelled. */
  readonly cancels?: McpReads;
}

/** An operation that returns an output, by its name. */
export interface McpReads {
  readonly name: string;
  readonly output: unknown;
}

/** An operation that streams, by its name. */
export interface McpUpdates {
  readonly name: string;
  readonly item: unknown;
}
