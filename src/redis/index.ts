// Rates in Redis: what an application imports from "plimsoll/redis".
export { type RedisRatesSpec, redisRates } from "./rates.ts";
