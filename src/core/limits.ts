import { auditLimits } from "./limits/audit.ts";
import { authenticationLimits } from "./limits/authentication.ts";
import { connectionLimits } from "./limits/connections.ts";
import { eventLimits } from "./limits/events.ts";
import { idempotencyLimits } from "./limits/idempotency.ts";
import { sagaLimits } from "./limits/sagas.ts";
import { scheduleLimits } from "./limits/schedules.ts";
import { signInLimits } from "./limits/sign-in.ts";
import { streamLimits } from "./limits/streams.ts";
import { transferLimits } from "./limits/transfers.ts";
import { vaultLimits } from "./limits/vault.ts";
import { webSocketLimits } from "./limits/web-sockets.ts";
import { webhookLimits } from "./limits/webhooks.ts";

/**
 * Every default bound of the platform, in one place. No default is infinite.
 * *Units* are in the names; each can be overridden where its row says.
 */
export const limits = {
  ...authenticationLimits,
  ...transferLimits,
  ...streamLimits,
  ...connectionLimits,
  ...webSocketLimits,
  ...eventLimits,
  ...idempotencyLimits,
  ...auditLimits,
  ...sagaLimits,
  ...vaultLimits,
  ...webhookLimits,
  /** Executions of one operation at once. Override: `budget.concurrency`. */
  operationConcurrency: 64,
  /** Executions of one operation that may wait for a slot. Override: `budget.queue`. */
  operationQueue: 128,
  /** Statements of one execution. Override: `budget.queries`. */
  operationQueries: 32,
  /** Operations that one execution may call, directly and indirectly. Override: `budget.calls`. */
  operationCalls: 64,
  /** Executions of the whole process at once; of several processes together. Override: `createApp({ limits })`. */
  processConcurrency: 1_024,
  /** Executions of the whole process that may wait for a slot; of several processes together. Override: `createApp({ limits })`. */
  processQueue: 2_048,
  /** Age of the event loop's turn up to which a request begins while requests are queueing, if that is at most a quarter of its deadline. */
  turnAgeMs: 40,
  /** The same for sheddable requests. */
  turnAgeSheddableMs: 12,
  /** The same for critical requests and two fifths of their deadline; while these alone need less than the loop has, four times as long and 0.7 of the deadline. */
  turnAgeCriticalMs: 100,
  /** How long the event loop must have work without a pause before requests count as queueing. */
  turnStandingMs: 100,
  /** The first requests of a process, whose code is not compiled yet; they begin up to a quarter of their deadline, critical ones up to two fifths. */
  turnColdRequests: 500,
  /** How long every request that leaves the queue of an operation must have waited for at least a tenth of the deadline, before the queue counts as standing; a quarter of the deadline if that is more. */
  queueIntervalMs: 100,
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
  /** How often a worker may be lost while it has a task, before the task becomes a dead letter. From the third time on, only a task that ran alone is counted. */
  taskRescues: 5,
  /** How long a task that must run alone waits for the other tasks of its process to end. */
  suspectDrainMs: 30_000,
  /** How long after it became due a task may still begin. Override: `ttl`. */
  taskTtlMs: 604_800_000,
  /** How long a key belongs to the task that was started with it. Override: `unique`. */
  taskKeyMs: 86_400_000,
  /** Tasks of one queue that run at once in one process. Override: `createApp({ tasks: { queues } })`. */
  taskConcurrency: 100,
  /** Tasks of one queue that one process has claimed: those that run and those that wait in it. */
  tasksHeld: 3_000,
  /** Tasks that are started, claimed or completed in one statement. */
  taskBatch: 1_000,
  /** Size of the inputs of tasks that are started in one statement. A single task may be larger. */
  taskBatchBytes: 4_194_304,
  /** Size of the inputs of tasks that one transaction may start, and of the inputs that `startMany` keeps as text. It writes further inputs as text when their turn comes. */
  taskBulkBytes: 67_108_864,
  /** Starts of tasks that may wait in one process to be written. */
  taskStartQueue: 10_000,
  /** Size of the inputs of starts that wait in one process to be written. */
  taskStartQueueBytes: 67_108_864,
  /** Claims that one process sends at once, for all its queues. */
  taskClaims: 8,
  /** Expired keys, completed tasks and dead letters that one process deletes at a time, of each kind. If there are more, it continues at once. */
  taskExpiryTurn: 100_000,
  /** Waiting tasks of one queue that are examined once a minute to find those that no worker takes. */
  taskUnservedLook: 1_000,
  /** How long a session may keep an emptied partition of the task table from being truncated before it is reported. */
  taskPartitionHeldMs: 30_000,
  /** How long a worker keeps its claimed tasks without renewing its lease. */
  taskLeaseMs: 10_000,
  /** How often a worker renews its lease. */
  taskHeartbeatMs: 3_000,
  /** How often an idle process looks for due tasks. */
  taskPollMs: 1_500,
  /** Size at which the next partition of the task table is filled. */
  taskPartitionBytes: 33_554_432,
  /** How long dead letters are kept. */
  taskDeadLetterMs: 7_776_000_000,
  /** How long completed tasks are kept, with `history: true`. */
  taskHistoryMs: 604_800_000,
  /** Failed attempts whose errors a task keeps: the last ones. */
  taskFailures: 10,
  ...scheduleLimits,
  /** How long a caller waits for a lock. Override: `hold(…, { wait })`. */
  lockWaitMs: 10_000,
  /** Callers that may wait for the same lock in one process. */
  lockQueue: 256,
  /** How often, at least, a caller that waits for a lock checks whether it is free. */
  lockPollMs: 500,
  /** Requests per second of one actor, or of one address for callers who have not signed in. Override: `createApp({ rateLimit })`. */
  ratePerSecond: 1_000,
  /** Requests that one actor may make at once above the rate. */
  rateBurst: 2_000,
  /** Actors and addresses whose rates are counted at the same time. */
  rateKeys: 100_000,
  /** Keys of one rate of an operation that are counted at the same time. Override: `rateLimit({ maxKeys })`. */
  operationRateKeys: 10_000,
  /** Characters of a key of a rate above which the process keeps its SHA-256 hash in its place. */
  rateKeyChars: 128,
  /** Time over which the `Retry-After` of callers above a rate is spread; a quarter of the wait if that is more. */
  rateRetrySpreadMs: 1_000,
  /** Keys whose leases are renewed in one round trip. */
  rateLeaseKeys: 256,
  /** How long a request waits for the store that counts rates, before `withoutStore` decides. Override: `createApp({ rateLimit: { answerWithin } })`. */
  rateStoreMs: 50,
  /** How long the store that counts rates is not asked after it failed or was too slow. */
  rateStorePauseMs: 1_000,
  /** Requests that wait for the store that counts rates at once. */
  rateStoreRequests: 1_024,
  /** Size of a request body. Override: `http({ limits })`. */
  bodyBytes: 1_048_576,
  /** Size of a request body of a caller who has not signed in; more if the fields of the operation's input can take more. Override: `http({ limits })`. */
  anonymousBodyBytes: 65_536,
  /** Chunks of a request body of a caller who has not signed in, beyond one for each `bodyChunkBytes`. Override: `http({ limits })`. */
  anonymousBodyChunks: 256,
  /** Bytes that may wait to be sent on a connection that asks for one more document or page. Over HTTP/1 the refusal is the last response of its connection. */
  documentBytesWaiting: 131_072,
  /** A body may have one more chunk for each of so many bytes, because a chunk of one byte takes as long to read as one of a thousand. */
  bodyChunkBytes: 64,
  /** Bytes of all request bodies that are being read at the same time; fewer if that is more than a quarter of the heap. Override: `http({ limits })`. */
  bodyBytesInFlight: 67_108_864,
  /** Nesting of a JSON body. */
  jsonDepth: 32,
  /** Values in a JSON body, including arrays and objects. The memory that they take depends little on their bytes. Override: `http({ limits })`. */
  jsonValues: 100_000,
  /** Fields of a form (`http: { body: "form" }`). Override: `http({ limits })`. */
  formFields: 1_000,
  /** Length of a text in an input whose schema declares no bound. Override: `.max()` in the schema. */
  inputChars: 16_384,
  /** Items of an array, and entries of a record, in an input whose schema declares no bound. Override: `.max()`, `.meta({ maxProperties })` in the schema. */
  inputItems: 1_000,
  /** Length of a key of a record in an input whose schema declares no bound. Override: `.max()` in the schema of the keys. */
  inputKeyChars: 256,
  /** Problems that a refusal lists. */
  problems: 64,
  /** Length of the message, and of the pointer, of one problem. */
  problemChars: 512,
  /** Length of the request target. */
  urlBytes: 8_192,
  /** Cookies of one request, if its operation reads one. Browsers keep 180 of a site. */
  cookies: 180,
  /** Length of a response header that an operation sends. */
  responseHeaderChars: 4_096,
  /** Size of all request headers together. */
  headerBytes: 16_384,
  /** Header lines of one request. Override: `http({ limits })`. */
  headerLines: 100,
  /** Open connections of one server; fewer if the heap does not hold as many. Override: `http({ limits })`. */
  connections: 20_000,
  /** New connections that one server accepts per second, after a burst of as many as may be open and those of a second. Override: `http({ limits })`. */
  connectionsPerSecond: 2_000,
  /** TLS handshakes of one server that are not done yet; one that lasts longer than `handshakeStallMs` gives way to another. Override: `http({ limits })`. */
  handshakes: 1_024,
  /** The same of one address. Override: `http({ limits })`. */
  handshakesPerAddress: 256,
  /** How long a TLS handshake may take. Override: `http({ limits })`. */
  handshakeMs: 5_000,
  /** How long a TLS handshake may last before it can be given up for another. */
  handshakeStallMs: 1_000,
  /** How often the files of a certificate are looked at for changes. */
  certificateCheckMs: 10_000,
  /** Percentage of the heap that the heads of arriving requests may take, of all connections together. It lowers `connections`. */
  connectionHeapPercent: 35,
  /** Percentage of the heap that requests in flight and unsent responses may take together. */
  requestHeapPercent: 15,
  /** Requests in flight from one address; fewer if the heap does not hold four times as many. Override: `http({ limits })`. */
  requestsPerAddress: 4_096,
  /** Requests of one connection that wait for their responses. If more arrive, the connection is closed after the last response. Override: `http({ limits })`. */
  pipelinedRequests: 32,
  /** How long a client may read more slowly than `sendBytesPerSecond` before it is disconnected. Override: `http({ limits })`. */
  sendStallMs: 15_000,
  /** The lowest rate at which a client may read a response, in a second. */
  sendBytesPerSecond: 512,
  /** How long the head of a request may take to arrive. */
  headerMs: 10_000,
  /** How long a whole request may take to arrive. */
  requestMs: 60_000,
  /** How long a connection may stay idle. It is longer than common load balancers keep theirs, so that the load balancer closes it. */
  keepAliveMs: 65_000,
  /** How long a stop waits for clients to read the responses that are written. */
  connectionFlushMs: 1_000,
  /** Open connections of the ops port. One more closes the one that has been idle longest. */
  opsConnections: 64,
  /** Requests to the pages of the ops port, such as `/tasks`, that are handled at the same time. */
  opsQueries: 8,
  /** How long a request to the ops port may take to arrive. */
  opsRequestMs: 5_000,
  /** Size of all headers of a request to the ops port together. */
  opsHeaderBytes: 8_192,
  /** Size of the body of a request to the ops port. */
  opsBodyBytes: 8_192,
  /** Length of a `Location`. An operation with a longer one fails before its commit. */
  locationChars: 8_192,
  /** Length of an `ETag`. An operation with a longer one fails before its commit. */
  etagChars: 256,
  /** Length of the name of a file in a response. An operation with a longer one fails before its commit. */
  fileNameChars: 255,
  /** Attempts of a command in all, if conflicts end the earlier ones. */
  commandAttempts: 4,
  /** Attempts that `retry` makes of one call, including the first. */
  callAttempts: 10,
  /** Calls that may wait for a place in one bulkhead. Override: `bulkhead({ queue })`. */
  bulkheadQueue: 10_000,
  /** Items that `fanOut` works on at once at the most. */
  fanOutConcurrency: 1_000,
  /** Keys for which one policy keeps something: flights, stale values, quotas. */
  policyKeys: 10_000,
  /** Memory that the stale values of one `fallback` take, as it is estimated. Override: `fallback({ staleBytes })`. */
  policyBytes: 16_777_216,
  /** Connections of one HTTP client to its upstream, and so its requests at once. Override: `httpClient({ connections })`. */
  upstreamConnections: 64,
  /** Requests that may wait for a connection of one HTTP client. Override: `httpClient({ queue })`. */
  upstreamQueue: 128,
  /** How long a connection to an upstream may stay unused before it is closed, less if the upstream requests less. Override: `httpClient({ idle })`. */
  upstreamIdleMs: 4_000,
  /** How long a connection to an upstream may take to open, TLS included; less where the timeout is shorter. Override: `httpClient({ connectTimeout })`. */
  upstreamConnectMs: 1_000,
  /** Size of the body of an upstream's reply. Override: `httpClient({ replyBytes })`. */
  upstreamReplyBytes: 1_048_576,
  /** Size of all headers of an upstream's reply together. Override: `httpClient({ replyHeaderBytes })`. */
  upstreamReplyHeaderBytes: 16_384,
  /** Size of a body that is read so that its connection can be used again, as of a reply that is a failure. For a larger one the connection is closed, and it is dropped. */
  upstreamDrainBytes: 65_536,
  /** Size of the body of a request to an upstream. Override: `httpClient({ requestBytes })`. */
  upstreamRequestBytes: 1_048_576,
  /** Length of the path and the query of a request to an upstream. */
  upstreamTargetChars: 8_192,
  /** Connections to PostgreSQL. Override: `postgres({ connections })`. */
  connectionsPostgres: 16,
  /** Executions that may wait for a connection. */
  connectionQueue: 1_024,
  /** How long a connection may take to become ready again after a cancelled statement. */
  quarantineMs: 1_000,
  /** How long a connection to PostgreSQL is used before a new one replaces it, less up to a tenth. Override: `postgres({ lifetime })`. */
  connectionLifetimeMs: 1_800_000,
  /** How long a connection to PostgreSQL may stay unused before it is closed. It is shorter than firewalls and load balancers keep unused connections. Override: `postgres({ idle })`. */
  connectionIdleMs: 200_000,
  /** How long an unused connection has to respond after another one was found to be broken. */
  connectionCheckMs: 500,
  /** How long a connection may be silent before the kernel checks whether the other side is still there. */
  connectionProbeMs: 10_000,
  /** Named prepared statements of one connection. */
  preparedStatements: 512,
  /** How long a statement of a migration waits for a lock before the file is rolled back and tried again. Override: `migrate({ lockTimeoutMs })`. */
  migrationLockMs: 5_000,
  /** Attempts of one migration whose locks other sessions hold. */
  migrationAttempts: 5,
  /** How long a process waits while another one migrates, and how long a migration without a transaction waits for a lock. */
  migrationWaitMs: 120_000,
  /** The least time between two fetches of an issuer's keys. */
  keySetRetryMs: 10_000,
  /** Size of an issuer's document or key set. */
  keySetBytes: 262_144,
  /** Keys of a key set that are looked at. */
  keySetKeys: 100,
  /** Length of a subject, a tenant or a role in a token. */
  tokenNameChars: 255,
  ...signInLimits,
  /** Length of a pagination cursor. */
  cursorChars: 2_048,
  /** How long a pagination cursor may be used. Override: `createApp({ cursors })`. */
  cursorTtlMs: 86_400_000,
  /** Worker threads for `cpu`. */
  cpuThreads: 2,
  /** Calls of `cpu` that may wait for a thread. */
  cpuQueue: 64,
  /** Heap of one worker thread. */
  cpuThreadMb: 512,
  /** Size of the values of queries that one process keeps, of all operations together. Override: `createApp({ cache: { bytes } })`. */
  cacheBytes: 67_108_864,
  /** Size of one value of a query that is kept; a larger one is loaded each time. */
  cacheEntryBytes: 2_097_152,
  /** Tags of one value of a query; a value with more is loaded each time. */
  cacheTags: 256,
  /** Length of one tag. */
  cacheTagChars: 200,
  /** Tags that one transaction invalidates by name; with more it invalidates every value. */
  cacheInvalidations: 1_000,
  /** Tags whose last invalidation one process remembers, for loads that began before it. */
  cacheInvalidatedTags: 10_000,
  /** Length of the key of a value; a longer one is kept as its hash. */
  cacheKeyChars: 256,
  /** Callers of one process that may wait for loads of others. Further callers load for themselves. */
  cacheWaiters: 10_000,
  /** How long a value is used after the last moment at which every invalidation of other processes was known. */
  cacheBlindMs: 1_000,
  /** How long a request waits for the store of values that processes share. */
  cacheStoreMs: 50,
  /** How long that store is not asked after it failed or did not respond in time. */
  cacheStorePauseMs: 1_000,
  /** How long no load is tried after one that failed, while there is a stale value. */
  cacheRetryMs: 1_000,
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
  /** Length of the fields, the notes or the stack of one log line; longer ones are left out or shortened. */
  logFieldChars: 16_384,
  /** Combinations of labels of one metric. Further ones are counted as `other`. */
  metricSeries: 5_000,
  /** Limits that one process lists on `/loadlines`. */
  loadLines: 10_000,
  /** The shortest `Retry-After` of a refusal for lack of capacity. */
  refusalRetryMs: 1_000,
  /** The random time that is added to the `Retry-After` of a refusal for lack of capacity, at most. */
  refusalRetrySpreadMs: 2_000,
  /** Length of the reason for a change of mode. */
  loadLineReasonChars: 500,
  /** How long a test waits for a signal, in real time. Override: `testApp({ waitLimit })`. */
  testWaitMs: 30_000,
  /** Attempts after which `runUntilIdle` fails, because the work does not seem to end. Override: `runUntilIdle({ attempts })`. */
  testAttempts: 1_000,
  /** The longest drain after a crash. */
  crashDrainMs: 5_000,
  /** How long a shutdown waits for running work. */
  shutdownMs: 30_000,
  /** The longest `shutdownDelay` in `createApp`, which is how long a stop still serves after readiness has failed. By default there is no delay. */
  shutdownDelayMs: 300_000,
  /** Processes of one app that `supervise` starts. */
  processes: 64,
  /** Questions between a process and its supervisor that have no reply yet. */
  processAsks: 2_048,
  /** How long a new process waits for its supervisor. */
  processJoinMs: 10_000,
  /** How long the supervisor waits for the reply of a process. */
  processReplyMs: 1_000,
  /** How often a process reports to its supervisor how busy it is. */
  processReportMs: 250,
  /** Connections that the supervisor has accepted and that no process has taken yet. */
  connectionsUnderWay: 1_024,
  /** The longest wait before a process that ended is started again. */
  processRestartMs: 30_000,
  /** How long a process must run so that its next restart counts as the first. */
  processSteadyMs: 10_000,
  /** How much longer than its shutdown a process may take to end before the supervisor kills it. */
  processEndMs: 5_000,
  /** How long the event loop may be blocked before `loopBlocked` is signalled. */
  loopBlockedMs: 200,
  /** How long no file must change before `plimsoll dev` restarts the program. */
  devSettleMs: 100,
  /** How long `plimsoll dev` waits for the program to end before it kills it. */
  devStopMs: 10_000,
  /** Folders that `plimsoll dev` watches. */
  devFolders: 2_000,
  /** How long the embedded PostgreSQL may take to become ready, including recovery from a crash. */
  embeddedStartMs: 120_000,
  /** Attempts to start the embedded PostgreSQL while processes of an earlier server end: about 10 s. */
  embeddedStartAttempts: 50,
  /** How long the embedded PostgreSQL may take to stop before a stronger signal is sent. */
  embeddedStopMs: 10_000,
  /** How long a start or stop waits for a start or stop by another process on the same directory. */
  embeddedLockMs: 150_000,
  /** Size above which the log of the embedded PostgreSQL is replaced by a new one at the next start. */
  embeddedLogBytes: 10_485_760,
  /** How long an embedded server waits for the port that it had the last time, before it takes another one. */
  embeddedPortWaitMs: 5_000,
  /** Free space on the disk that a new data directory needs. */
  embeddedNewBytes: 268_435_456,
  /** Free space on the disk that a start on an existing data directory needs. */
  embeddedFreeBytes: 67_108_864,
} as const;
