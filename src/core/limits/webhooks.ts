/** The bounds of webhooks; `limits` has them with all others. */
export const webhookLimits = {
  /** Endpoints of one tenant. */
  webhookEndpoints: 100,
  /** Length of the address of an endpoint. */
  webhookUrlChars: 2_048,
  /** How long an attempt to deliver may take. */
  webhookSendMs: 15_000,
  /** Attempts of one delivery, over about five days. Override: `outgoingWebhooks({ retry })`. */
  webhookAttempts: 18,
  /** After how long without a success an endpoint is switched off. Override: `outgoingWebhooks({ disableAfter })`. */
  webhookDisableMs: 432_000_000,
  /** How long deliveries are kept, to be shown and replayed. */
  webhookKeepMs: 2_592_000_000,
  /** Deliveries that one call replays, or one turn deletes. */
  webhookTurn: 1_000,
  /** How long the id of a message that came is remembered, whose event was emitted. Override: `webhook({ remember })`. */
  webhookRememberMs: 604_800_000,
  /** Origins to which a process keeps connections. */
  webhookOrigins: 256,
} as const;
