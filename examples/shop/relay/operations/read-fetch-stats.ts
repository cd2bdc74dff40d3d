import { implement } from "plimsoll";
import * as relay from "../contract.ts";
import { counts } from "../counts.ts";

export const readFetchStats = implement(relay.readFetchStats, async () => ({ upstreams: [...counts.list()] }));
