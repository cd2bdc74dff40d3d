/** The bounds of MCP. *Override*: `mcp({ limits })`. */
export const mcpLimits = {
  /** The body of a request. *Units*: bytes. */
  requestBytes: 1_048_576,
  /** Values in the body of a request. */
  requestValues: 10_000,
  /** Requests at once in a process; each waits for the execution of its tool, which has limits of its own. */
  requests: 1_024,
  /** Tools, resources or prompts of one page of a list. */
  pageItems: 100,
  /** Items of a stream that become one result. */
  resultItems: 1_000,
  /** Their JSON. *Units*: bytes. */
  resultBytes: 1_048_576,
  /** Values that are suggested for an argument. */
  completions: 100,
  /** Questions to clients of sessions that wait for their responses in a process. */
  questions: 1_000,
  /** Those of one session. */
  sessionQuestions: 16,
  /** Resources that one request, or one session, follows. */
  subscriptions: 16,
  /** Sessions that follow resources in a process, or read the events that belong to no request. */
  followingSessions: 1_000,
  /** How often such events have a sign of life. *Units*: milliseconds. */
  heartbeatMs: 15_000,
  /** Sessions whose level of logging a process keeps; beyond it, the oldest one has the default again. */
  logLevels: 10_000,
  /** What questions of earlier rounds have brought, which the client sends back sealed. *Units*: bytes of JSON. */
  continuationBytes: 1_024,
  /** How long a call that waits for a confirmation, for input, or for its retry, may be continued. *Units*: milliseconds. */
  continuationMs: 600_000,
  /** How long a client can read of a task by its id; `createApp({ cursors: { ttl } })` may end it sooner. *Units*: milliseconds. */
  taskMs: 43_200_000,
  /** After how long a client is to read of a task again. *Units*: milliseconds. */
  taskPollMs: 1_000,
  /** How long clients may keep lists. *Units*: milliseconds. */
  listFreshMs: 300_000,
} as const;

/** Bounds of MCP that an app may set. */
export type McpLimits = { readonly [Name in keyof typeof mcpLimits]: number };
