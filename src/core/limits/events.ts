import { messagingLimits } from "./messaging.ts";

/** The bounds of events and subscriptions; `limits` has them with all others. */
export const eventLimits = {
  /** Size of the data of one event as JSON. */
  eventBytes: 65_536,
  /** Length of the key of an event. */
  eventKeyChars: 255,
  /** Events that one transaction may emit. */
  eventsEmitted: 1_000,
  /** Size of the data of all events that one transaction may emit. */
  eventsEmittedBytes: 8_388_608,
  /** How long an event stays in the log, if every subscription has read it; the log is cut by days. Override: `createApp({ events: { retention } })`. */
  eventRetentionMs: 604_800_000,
  /** Days for which the log has its partitions ahead. */
  eventDaysAhead: 3,
  /** Rows of the log, and dead letters, that one process deletes at a time. */
  eventExpiryTurn: 10_000,
  /** How long a worker keeps the partitions of subscriptions without renewing its lease. */
  eventLeaseMs: 10_000,
  /** How often an idle process looks for events, and renews its lease. */
  eventPollMs: 1_500,
  /** Partitions of one subscription. Override: `partitions`, at the first start of a subscription. */
  eventPartitions: 16,
  /** Events of the log that one read looks at. */
  eventScan: 1_000,
  /** Size of the data of the events of one read. A single event may be larger. */
  eventReadBytes: 4_194_304,
  /** Events of one partition that wait in the process that has it. */
  eventsWaiting: 64,
  /** Events of one stream that a load reads, behind the last snapshot. */
  streamEventsRead: 10_000,
  /** Size of the state of a stream that is kept as a snapshot; a larger one is not kept. */
  snapshotBytes: 1_048_576,
  /** Events of the log that a projection reads, and applies in one transaction. */
  projectionScan: 5_000,
  /** People about whom the events of one stream may say something, beyond whom no snapshot of it is kept. */
  snapshotPeople: 1_000,
  /** How long a projection that has events to apply may stand still before it is reported. */
  projectionStallMs: 30_000,
  /** Queries of a process that wait for a projection to reach a position. */
  projectionWaits: 1_000,
  /** How often a query that waits looks at most how far its projection is. */
  projectionLookMs: 250,
  /** What a query that waits for a projection leaves of its deadline for its own work; half of it where that is less. */
  projectionWaitReserveMs: 100,
  /** Events that are applied while all who emit wait, when a projection begins to be kept by commands. */
  inlineRest: 200,
  /** How long no process may have emitted that does not know a projection before commands begin to keep it. */
  inlineQuietMs: 10_000,
  /** Up to where the events of a rebuild are counted when it begins. */
  rebuildCount: 10_000_000,
  /** Size of one document of a search index as JSON. */
  searchDocumentBytes: 262_144,
  /** Length of the text that is searched for; what is beyond is not read. */
  searchTextChars: 1_000,
  /** Hits of one search. */
  searchHits: 1_000,
  /** How long removed documents of a search index are kept at least, so that a write that comes late does not put one back. */
  searchRemovedMs: 120_000,
  /** How long one request to a search engine may take. */
  searchMs: 10_000,
  /** Size of one request to a search engine. A single document may make it larger. */
  searchRequestBytes: 4_194_304,
  /** Attempts of one request that a search engine refuses because it is busy. */
  searchAttempts: 5,
  /** Size of one response of a search engine. */
  searchResponseBytes: 67_108_864,
  /** Attempts of one event. Override: `retry.attempts`. */
  eventAttempts: 25,
  /** Events of one subscription that may be parked. At the bound, a partition stops at the next event that fails. */
  eventsParked: 10_000,
  /** Parked events that one process takes at a time. */
  eventsDue: 100,
  /** How long an event waits that only newer code of a subscription takes, before a process of earlier code looks at it again; a tenth of its age where that is more. */
  eventNewerMs: 5_000,
  /** How long after the last process of newer code was seen earlier code keeps events for it. */
  eventCodeMs: 600_000,
  /** How often a process says which events its code takes; and how long an event that only newer code takes waits at most until it is looked at again. */
  eventCodeEveryMs: 60_000,
  /** How long the dead letters of subscriptions are kept. */
  eventDeadLetterMs: 7_776_000_000,
  /** Replays of one subscription that are kept, each with its reason. */
  eventReplaysKept: 1_000,
  /** Up to where unread and parked events, and dead letters, are counted. */
  eventCount: 10_000,
  /** How long a transaction may keep readers of the log back before it is reported. */
  eventReadersHeldMs: 30_000,
  /** How often the lag of subscriptions, and what keeps readers back, is looked at. */
  eventLookMs: 10_000,
  ...messagingLimits,
} as const;
