/** The bounds of the vault; `limits` has them with all others. */
export const vaultLimits = {
  /** Size of one value that the vault seals. */
  vaultValueBytes: 65_536,
  /** Keys of tenants that one process keeps in memory. */
  vaultKeys: 10_000,
  /** How long a process uses a key of a tenant before it asks for the current one again. */
  vaultKeyMs: 60_000,
  /** Keys, and tokens, that are wrapped or sealed again at a time. */
  vaultTurn: 500,
  /** How often a process looks whether keys are to be rotated, and learns of new root keys. */
  vaultLookMs: 60_000,
  /** How old a root key, and the key of a tenant, become before a new one takes over. Override: `vault({ rotateAfter })`. */
  vaultRotateMs: 7_776_000_000,
  /** How long a provider of keys may take to respond. */
  vaultProviderMs: 5_000,
  /** Size of a response of a provider of keys. */
  vaultProviderBytes: 65_536,
} as const;
