/** The bounds of tokens and revocations; `limits` has them with all others. */
export const authenticationLimits = {
  /** Verified tokens that are cached. */
  rememberedTokens: 10_000,
  /** API keys whose last use one report has. */
  apiKeyUses: 10_000,
  /** The longest time for which a verified token is cached. */
  rememberedTokenMs: 60_000,
  /** Length of a bearer token. */
  tokenChars: 8_192,
  /** New tokens that are being verified at the same time. */
  verifyingTokens: 1_024,
  /** Revocations that are kept at once. */
  revocations: 100_000,
  /** Length of the id of a session, a user or an API key that is revoked. */
  revocationChars: 255,
  /** How old what a process knows of revocations may be, before `withoutList` decides. */
  revocationListMs: 1_000,
  /** How often a process reads the revocations while it gets requests with credentials; it reads new ones at once when it is notified of them. */
  revocationPollMs: 400,
  /** How often a process reads all revocations, and so forgets those that have ended. */
  revocationReloadMs: 600_000,
  /** Requests that wait until the revocations are read. */
  revocationWaiting: 1_024,
  /** How old what a process knows of the permissions of a tenant may be. Override: `tenantPermissions({ maxAge })`. */
  permissionsMs: 1_000,
  /** Tenants whose permissions one process keeps. */
  permissionTenants: 10_000,
  /** Roles and their permissions in the map of one tenant. */
  permissionGrants: 10_000,
  /** The same in the maps of all tenants that one process keeps. */
  permissionGrantsKept: 500_000,
  /** How long the permissions of a tenant may take to load; `maxAge` if that is less. */
  permissionLoadMs: 1_000,
  /** Tenants whose permissions one process loads at once. */
  permissionLoads: 64,
  /** Requests that wait until the permissions of their tenant are loaded. */
  permissionWaiting: 1_024,
  /** Tokens that wait until the keys of their issuer are fetched. */
  waitingForKeys: 256,
} as const;
