// Rates and values of cached queries in Redis: what an application imports from "plimsoll/redis".
export { type RedisCacheSpec, redisCache } from "./cache.ts";
export { type RedisRatesSpec, redisRates } from "./rates.ts";
export type { RedisTls } from "./tls.ts";
