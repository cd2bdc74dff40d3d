// Rates, values of cached queries, and messages in Redis: what an application imports from "plimsoll/redis".
export { type RedisCacheSpec, redisCache } from "./cache.ts";
export { type RedisRatesSpec, redisRates } from "./rates.ts";
export type { RedisStreamSpec } from "./streams/spec.ts";
export { redisStream } from "./streams/stream.ts";
export type { RedisTls } from "./tls.ts";
