export { type Discovery, type DnsOptions, dns } from "./discovery/discovery.ts";
export { type AffinityCall, type RemoteOptions, remote } from "./remote.ts";
export { type InternalCallsOptions, internalCalls } from "./token/internal-calls.ts";
export type { InternalKey } from "./token/keys.ts";
