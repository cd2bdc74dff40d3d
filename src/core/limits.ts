/**
 * Every default bound of the platform, in one place. No default is infinite.
 * *Units* are in the names; each can be overridden where its row says.
 */
export const limits = {
  /** Executions of one operation at once. Override: `budget.concurrency`. */
  operationConcurrency: 64,
  /** Executions of one operation that may wait for a slot. Override: `budget.queue`. */
  operationQueue: 128,
  /** Statements of one execution. Override: `budget.queries`. */
  operationQueries: 32,
  /** Operations that one execution may call, inner ones included. Override: `budget.calls`. */
  operationCalls: 64,
  /** Executions of the whole process at once. Override: `createApp({ limits })`. */
  processConcurrency: 1_024,
  /** Executions of the whole process that may wait for a slot. Override: `createApp({ limits })`. */
  processQueue: 2_048,
  /** The longest deadline that an online operation may declare. */
  deadlineMs: 600_000,
  /** The longest deadline that one attempt of a task may declare. */
  taskDeadlineMs: 3_600_000,
  /** Size of the input of a task. */
  taskInputBytes: 262_144,
  /** Attempts of a task. Override: `retry.attempts`. */
  taskAttempts: 25,
  /** The longest wait before another attempt of a task. */
  retryDelayMs: 2_592_000_000,
  /** How often a task may take its process with it before it is buried. */
  taskRescues: 5,
  /** How long after it became due a task may still be begun. Override: `ttl`. */
  taskTtlMs: 604_800_000,
  /** How long a key stands for the task that was started with it. Override: `unique`. */
  taskKeyMs: 86_400_000,
  /** Tasks of one queue that run at once in one process. Override: `createApp({ tasks: { queues } })`. */
  taskConcurrency: 100,
  /** Tasks of one queue that one process holds, those that wait there included. */
  tasksHeld: 3_000,
  /** Tasks that are started, claimed or completed in one statement. */
  taskBatch: 1_000,
  /** Starts of tasks that may wait in one process to be written. */
  taskStartQueue: 10_000,
  /** How long a worker has what it claimed without renewing its lease. */
  taskLeaseMs: 10_000,
  /** How often a worker renews its lease. */
  taskHeartbeatMs: 3_000,
  /** How often an idle process looks what there is to do. */
  taskTickMs: 1_500,
  /** Size at which the next slot of the task table is filled. */
  taskSlotBytes: 33_554_432,
  /** How long dead letters are kept. */
  taskDeadMs: 7_776_000_000,
  /** How long completed tasks are kept where `history` asks for it. */
  taskHistoryMs: 604_800_000,
  /** Failed attempts that a task remembers; the first ones are forgotten. */
  taskFailures: 10,
  /** Length of a cron expression. */
  cronChars: 256,
  /** How late a tick of a schedule may be noticed and still counts as on time. */
  scheduleGraceMs: 60_000,
  /** How far back the ticks of a schedule are made up for that asks for all it missed. */
  scheduleCatchUpMs: 604_800_000,
  /** Ticks of one schedule that start tasks in one transaction; further ones wait for the next look. */
  scheduleBatch: 100,
  /** How often a process reads again when its schedules ticked last. */
  scheduleReadMs: 15_000,
  /** How long it is remembered when a schedule ticked last that nobody declares any more. */
  scheduleKeptMs: 34_560_000_000,
  /** How long one waits for a lock. Override: `hold(…, { wait })`. */
  lockWaitMs: 10_000,
  /** Who may wait for the same lock in one process. */
  lockQueue: 256,
  /** How often one who waits for a lock looks at it, at the most. */
  lockPollMs: 500,
  /** Requests per second of one actor, or of one address where nobody signed in. Override: `createApp({ rateLimit })`. */
  ratePerSecond: 1_000,
  /** Requests that one actor may make at once above the rate. */
  rateBurst: 2_000,
  /** Actors whose rate is remembered at the same time. */
  rateKeys: 100_000,
  /** Size of a request body. Override: `http({ limits })`. */
  bodyBytes: 1_048_576,
  /** Bytes of all request bodies being read at the same time. */
  bodyBytesInFlight: 67_108_864,
  /** Nesting of a JSON body. */
  jsonDepth: 32,
  /** Length of the request target. */
  urlBytes: 8_192,
  /** Size of all request headers together. */
  headerBytes: 16_384,
  /** Open connections of one server. */
  connections: 20_000,
  /** Requests in flight from one address. */
  requestsPerAddress: 4_096,
  /** How long the head of a request may take to arrive. */
  headerMs: 10_000,
  /** How long a whole request may take to arrive. */
  requestMs: 60_000,
  /** How long a connection may stay open with nothing on it: longer than common load balancers keep theirs, so that it is they who close. */
  keepAliveMs: 65_000,
  /** How long a stop waits for clients to take the answers that are written. */
  connectionFlushMs: 1_000,
  /** Length of an Idempotency-Key. */
  idempotencyKeyChars: 255,
  /** How long a reply is kept under its key. Override: `budget.idempotencyTtl`. */
  idempotencyTtlMs: 86_400_000,
  /** Size of a reply that is kept under its key; a command with a larger one fails before its commit. */
  idempotencyReplyBytes: 262_144,
  /** Attempts of a command after a conflict, the first included. */
  commandAttempts: 4,
  /** Connections to Postgres. Override: `postgres({ connections })`. */
  connectionsPostgres: 16,
  /** Executions that may wait for a connection. */
  connectionQueue: 1_024,
  /** How long a connection may stay in quarantine after a cancelled statement. */
  quarantineMs: 1_000,
  /** Named prepared statements of one connection. */
  preparedStatements: 512,
  /** How long a statement of a migration waits for a lock before the file is undone and tried again. Override: `migrate({ lockTimeoutMs })`. */
  migrationLockMs: 5_000,
  /** Attempts of one migration whose locks others hold. */
  migrationAttempts: 5,
  /** How long one process waits for another that migrates, and a migration without a transaction for a lock. */
  migrationWaitMs: 120_000,
  /** Verified tokens that are remembered. */
  rememberedTokens: 10_000,
  /** How long a verified token is remembered at the most. */
  rememberedTokenMs: 60_000,
  /** Length of a bearer token. */
  tokenChars: 8_192,
  /** New tokens that are being verified at the same time. */
  verifyingTokens: 1_024,
  /** Length of a subject, a tenant or a role in a token. */
  tokenNameChars: 255,
  /** Passwords that are hashed at the same time; each takes a thread of the pool of four and 7 MiB. */
  passwordHashing: 2,
  /** Passwords that may wait to be hashed. */
  passwordQueue: 64,
  /** Length of a password. */
  passwordChars: 1_024,
  /** Length of a pagination cursor. */
  cursorChars: 2_048,
  /** How long a pagination cursor may be used. Override: `createApp({ cursors })`. */
  cursorTtlMs: 86_400_000,
  /** Worker threads for `cpu`. */
  cpuThreads: 2,
  /** Calls of `cpu` that may wait for a thread. */
  cpuQueue: 64,
  /** Heap of one such thread, in megabytes. */
  cpuThreadMb: 512,
  /** How often files of settings that may change are read again. */
  configPollMs: 2_000,
  /** Size of one file of settings or of one mounted secret. */
  configFileBytes: 1_048_576,
  /** Notes on one execution's wide event. */
  notes: 32,
  /** Length of one note. */
  noteChars: 1_024,
  /** Spans that may wait for export. */
  spanQueue: 8_192,
  /** Bytes of log lines that may wait for the disk. */
  logBytes: 16_777_216,
  /** Length of the fields, the notes or the stack of one log line; longer ones are left out or cut. */
  logFieldChars: 16_384,
  /** Combinations of labels of one metric; those after them are counted as `other`. */
  metricSeries: 5_000,
  /** How long a drain takes at the most after a crash. */
  crashDrainMs: 5_000,
  /** How long a shutdown waits for what runs. */
  shutdownMs: 30_000,
  /** How long the event loop may be blocked before it is a signal. */
  loopBlockedMs: 200,
  /** How long the embedded Postgres may take to become ready, recovery from a crash included. */
  embeddedStartMs: 120_000,
  /** Attempts to start it while what was left of an earlier server goes away: about 10 s. */
  embeddedStartAttempts: 50,
  /** How long it may take to stop before it is stopped harder. */
  embeddedStopMs: 10_000,
  /** How long a start or stop waits for those of other processes on the same directory. */
  embeddedLockMs: 150_000,
  /** Size at which the log of the embedded Postgres is turned over at the next start. */
  embeddedLogBytes: 10_485_760,
  /** What must be free on the disk to make a new data directory. */
  embeddedNewBytes: 268_435_456,
  /** What must be free on the disk to start on an existing one. */
  embeddedFreeBytes: 67_108_864,
} as const;
