import { z } from "zod";
import type { Both } from "../../design/language.ts";
import type { MeasuredDemands, PlannedDesign } from "../planning/input.ts";

/** What a file says, or what is wrong with it and what to do. */
export type Read<T> = { readonly value: T } | { readonly message: Both<string>; readonly fix: Both<string> };

const amount = z.number().nonnegative();
const source = z.object({ file: z.string(), line: z.number(), column: z.number(), quote: z.string() });
const design = z.object({
  title: z.string(),
  language: z.enum(["en", "zh"]),
  file: z.string(),
  load: z.object({
    peak: amount,
    mean: amount,
    status: z.enum(["stated", "derived", "missing"]),
    formula: z.string(),
    from: z.array(z.string()),
  }),
  deadlineMs: z.number().positive(),
  needs: z.array(z.object({ id: z.string(), source, quantity: z.object({ measure: z.string(), value: z.number() }).loose() }).loose()),
  concerns: z.array(z.object({ name: z.string() }).loose()),
  assumptions: z.array(z.object({ code: z.string(), value: z.string() }).loose()),
});
const operation = z.object({
  name: z.string(),
  share: z.number().positive().max(1),
  ...{ loopMs: amount, heldLoopMs: amount, databaseMs: amount, heldMs: amount, upstreams: z.record(z.string(), amount) },
  ...{ slots: z.int().positive(), queue: z.int().nonnegative(), deadlineMs: z.number().positive(), variation: amount },
});
const demands = z.object({
  format: z.literal(1),
  from: z.string(),
  operations: z.array(operation).min(1),
  upstreams: z.record(z.string(), z.int().positive()),
  pool: z.int().positive(),
  points: z.array(z.object({ inFlight: amount, throughput: z.number().positive() })),
});

/** Reads what a plan needs of `design.json`. */
export function readDesign(text: string, file: string): Read<PlannedDesign> {
  const fix = {
    en: "Run plimsoll design again: it writes the file from the PRD and your decisions.",
    zh: "请重新运行 plimsoll 设计：它会按 PRD 与您的决定写出该文件。",
  };
  const found = readAs(design, { text, file, fix });
  // What is looked at was checked; the rest of a need is copied by the design as it is.
  return "value" in found ? { value: found.value as unknown as PlannedDesign } : found;
}

/** Reads the measured demands of operations. */
export function readDemands(text: string, file: string): Read<MeasuredDemands> {
  const fix = {
    en: "Measure again with plimsoll load --calibrate, or remove the file to plan with assumed demands.",
    zh: "请用 plimsoll 压测 --calibrate 重新测量，或删除该文件以按假定值规划。",
  };
  const found = readAs(demands, { text, file, fix });
  if (!("value" in found)) return found;
  const sum = found.value.operations.reduce((all, { share }) => all + share, 0);
  if (Math.abs(sum - 1) > 0.01)
    return {
      message: {
        en: `${file}: the shares of its operations add up to ${sum}, not to 1.`,
        zh: `${file}：各操作的占比之和为 ${sum}，而不是 1。`,
      },
      fix,
    };
  return found;
}

/** Reads a file by a schema, or says on which line it is not valid. */
export function readAs<T>(
  schema: z.ZodType<T>,
  { text, file, fix }: { readonly text: string; readonly file: string; readonly fix: Both<string> },
): Read<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = (error as Error).message;
    const at = /position (\d+)/.exec(reason)?.[1];
    const line = at === undefined ? 1 : text.slice(0, Number(at)).split("\n").length;
    return { message: { en: `${file}:${line} is not valid JSON: ${reason}.`, zh: `${file}:${line} 不是有效的 JSON：${reason}。` }, fix };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { value: parsed.data };
  const { path, message } = parsed.error.issues[0]!;
  const place = path.map(String).join(".");
  const line = lineOf(text, path);
  return {
    message: { en: `${file}:${line}: ${place} is not valid (${message}).`, zh: `${file}:${line}：${place} 无效（${message}）。` },
    fix,
  };
}

/** The line on which the last key of a path that the text has stands, searched in the order of the path. */
function lineOf(text: string, path: readonly PropertyKey[]): number {
  let at = 0;
  for (const key of path.filter((one) => typeof one === "string")) {
    const next = text.indexOf(`"${key}"`, at);
    if (next < 0) break;
    at = next;
  }
  return text.slice(0, at).split("\n").length;
}
