import { module } from "plimsoll";
import { fetchUpstream } from "./operations/fetch-upstream.ts";
import { readFetchStats } from "./operations/read-fetch-stats.ts";

export const relay = module("relay", { operations: [fetchUpstream, readFetchStats] });
