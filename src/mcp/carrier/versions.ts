/** The revision of MCP whose requests stand for themselves. */
export const modernVersion = "2026-07-28";
/** Revisions that begin with `initialize`, the newest first. */
export const legacyVersions: readonly string[] = ["2025-11-25", "2025-06-18"];
/** All of them, for refusals. */
export const supportedVersions: readonly string[] = [modernVersion, ...legacyVersions];
