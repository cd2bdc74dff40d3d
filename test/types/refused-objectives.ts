// Objectives that the compiler must refuse; see refused.ts.
import { query, role, task } from "plimsoll";
import { z } from "zod";

const Line = z.object({ productId: z.uuid() });
const access = role("customer");

// @ts-expect-error how long it may take is a duration | Type '"soon"' is not assignable to type
query("shop.q", { input: Line, output: Line, access, budget: "1s", slo: { within: "soon" } });
// @ts-expect-error a share is a number | Type 'string' is not assignable to type 'number'
query("shop.q", { input: Line, output: Line, access, budget: "1s", slo: { success: "99.9%" } });
// @ts-expect-error no caller waits for a task | 'within' does not exist in type 'DurableSloSpec'
task("shop.t", { input: Line, budget: "1m", slo: { success: 0.99, within: "1s" } });
