/** The bounds of messages that cross a broker; `limits` has them with all others. */
export const messagingLimits = {
  /** Partitions of one relay. Override: `relay({ partitions })`, at its first start. */
  relayPartitions: 32,
  /** Messages of one partition of a relay that are under way at once, each of another key. */
  relayAtOnce: 8,
  /** Attempts to send an event that fails otherwise than that the broker is away. */
  relayAttempts: 10,
  /** How long one attempt to send a message may take. */
  relaySendMs: 15_000,
  /** Messages of one batch that is received. */
  inboxBatch: 200,
  /** Bytes of one batch that is received; one message may be larger. */
  inboxBatchBytes: 1_048_576,
  /** How long a receiver waits for the first message of a batch before it looks around. */
  inboxWaitMs: 1_000,
  /** Messages that a subscription has received and not handled; from there on it receives no more. */
  inboxUnhandled: 5_000,
  /** How soon a subscription that has enough looks again whether it may receive. */
  inboxRoomMs: 250,
  /** The longest pause before a broker that cannot be reached is tried again. */
  inboxReopenMs: 5_000,
  /** The lease of the process that receives for a subscription. */
  inboxLeaseMs: 5_000,
  /** How often the lag of brokers is looked at. */
  inboxLookMs: 10_000,
  /** How long the id of a received message is known, so that a duplicate is left out. */
  inboxIdsMs: 604_800_000,
  /** How long messages that could not be received are kept. */
  inboxDeadLetterMs: 2_592_000_000,
  /** Ids and dead letters that one turn of upkeep deletes. */
  inboxExpiryTurn: 5_000,
  /** Bytes of a message that are kept with a dead letter; what is longer is cut. */
  inboxDeadLetterBytes: 65_536,
} as const;
