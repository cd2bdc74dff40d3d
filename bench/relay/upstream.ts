// The upstream of the relay in a process of its own: it says where it is, and when asked how many requests it got.
import { startUpstream, Temper } from "../../examples/shop/upstream.ts";

const upstream = await startUpstream(Temper.parse(JSON.parse(process.env.TEMPER ?? "{}")), { seed: Number(process.env.SEED ?? "1") });
process.on("message", () => process.send?.(upstream.requests));
process.once("SIGTERM", () => process.exit(0));
process.send?.(upstream.url);
