import type { Both } from "../language.ts";
import { deadlineOf, figure, loadOf, type PlanningFigures, planningDefaults } from "../planning/load.ts";
import { replicasFor } from "../planning/scales.ts";
import { conflictsOf, type Need } from "../reading/needs.ts";
import type { Requirements } from "../reading/read-requirements.ts";
import type { Question } from "./question.ts";
import { texts } from "./texts.ts";

/** Finds what a document leaves open, the worst effect first. Questions of the same effect are in the order of their codes. */
export function findQuestions(requirements: Requirements): readonly Question[] {
  const { needs } = requirements;
  const all = [
    ...ofConflicts(needs),
    ...ofLoad(needs),
    ...ofLatency(needs),
    ...ofAvailability(needs),
    ...ofVague(requirements),
    ...ofRest(requirements),
  ];
  return all.toSorted((one, other) => other.effect - one.effect || (one.code < other.code ? -1 : 1));
}

const both = (en: string, zh: string): Both<string> => ({ en, zh });
const ids = (needs: readonly Need[]): readonly string[] => needs.map(({ id }) => id);
const of = (needs: readonly Need[], measure: Need["quantity"]["measure"]): readonly Need[] =>
  needs.filter(({ quantity }) => quantity.measure === measure);

function ofConflicts(needs: readonly Need[]): readonly Question[] {
  return conflictsOf(needs).map((group) => {
    const places = group.map(({ source }) => `"${source.quote}" (${source.file}:${source.line})`).join(", ");
    return {
      code: `conflict-${group[0]!.id.toLowerCase()}`,
      blocks: true,
      asks: both(`The document contradicts itself: ${places}. Which holds?`, `文档自相矛盾：${places}。以哪个为准？`),
      default: strictest(group).source.quote,
      changes: both("With --assume the strictest value holds.", "使用 --assume 时取最严格的值。"),
      effect: 1_000,
      needs: ids(group),
    };
  });
}

/** The value that satisfies the others too: the lowest of a latency, the highest of all else. */
export function strictest(group: readonly Need[]): Need {
  const lower = ["latency", "errors", "rpo", "rto"].includes(group[0]!.quantity.measure);
  return group.reduce((best, need) => (lower === need.quantity.value < best.quantity.value ? need : best));
}

/** How many processes another figure makes of it. */
function replicasChange(needs: readonly Need[], other: Partial<PlanningFigures>): { readonly from: number; readonly to: number } {
  const { peakFactor, thinkTimeMs, requestsPerUser } = planningDefaults;
  const figures = { peakFactor, thinkTimeMs, requestsPerUser };
  const replicas = (by: PlanningFigures): number => replicasFor(loadOf(needs, by).peak, deadlineOf(needs));
  return { from: replicas(figures), to: replicas({ ...figures, ...other }) };
}

function ofLoad(needs: readonly Need[]): readonly Question[] {
  const { peakFactor, thinkTimeMs, requestsPerUser } = planningDefaults;
  const load = loadOf(needs, { peakFactor, thinkTimeMs, requestsPerUser });
  if (load.status === "missing") return [ofNoLoad(needs)];
  if (load.status !== "derived") return [];
  const isOnline = load.formula.startsWith("N /");
  const change = replicasChange(needs, isOnline ? { thinkTimeMs: thinkTimeMs / 5 } : { peakFactor: peakFactor * 2 });
  const changes = both(
    `Replicas ${change.from} → ${change.to} at ${isOnline ? `${thinkTimeMs / 5_000} s` : peakFactor * 2}.`,
    `取 ${isOnline ? `${thinkTimeMs / 5_000} 秒` : peakFactor * 2} 时，副本 ${change.from} → ${change.to}。`,
  );
  const effect = 100 + Math.min(change.to / change.from, 100);
  if (isOnline)
    return [
      {
        code: "think-time",
        blocks: false,
        asks: both("How many seconds pass between two requests of a user?", "用户两次请求之间间隔多少秒？"),
        default: texts.en.seconds(thinkTimeMs / 1_000),
        changes,
        effect,
        needs: load.from,
      },
    ];
  return [
    {
      code: "peak-factor",
      blocks: false,
      asks: both("How many times the mean is the peak?", "峰值是平均值的多少倍？"),
      default: String(peakFactor),
      changes,
      effect,
      needs: load.from,
    },
  ];
}

function ofNoLoad(needs: readonly Need[]): Question {
  const [few, many] = [100, 10_000].map((peak) => replicasFor(peak, deadlineOf(needs)));
  return {
    code: "rate",
    blocks: true,
    asks: both(
      "How many requests a second must be served at peak, or how many users at once?",
      "峰值每秒要处理多少请求，或同时有多少用户？",
    ),
    default: texts.en.perSecond,
    changes: both(`Replicas ${few} → ${many} at 10,000 a second.`, `每秒 10,000 时，副本 ${few} → ${many}。`),
    effect: 900,
    needs: [],
  };
}

function ofLatency(needs: readonly Need[]): readonly Question[] {
  const latencies = of(needs, "latency");
  if (latencies.length === 0)
    return [
      {
        code: "latency",
        blocks: false,
        asks: both("Within what time must 99% of requests respond?", "99% 的请求须在多长时间内响应？"),
        default: "p99 300 ms",
        changes: both("The deadline of every operation, and from it queues and pools.", "每个操作的期限，以及由此得出的队列与连接池。"),
        effect: 80,
        needs: [],
      },
    ];
  const open = latencies.filter(({ quantity }) => quantity.statistic === undefined);
  if (open.length === 0) return [];
  return [
    {
      code: "latency-percentile",
      blocks: false,
      asks: both(`For what share of requests does "${open[0]!.source.quote}" hold?`, `“${open[0]!.source.quote}”对多大比例的请求成立？`),
      default: "p99",
      changes: both(
        `${open.length} deadlines; p50 instead of p99 allows about three times the load per process.`,
        `${open.length} 个期限；用 p50 代替 p99 时，单进程可承受约三倍负载。`,
      ),
      effect: 60,
      needs: ids(open),
    },
  ];
}

function ofAvailability(needs: readonly Need[]): readonly Question[] {
  const found = of(needs, "availability");
  if (found.length === 0)
    return [
      {
        code: "availability",
        blocks: false,
        asks: both("What share of the time, in which window, must the service be available?", "服务在什么周期内须有多高的可用性？"),
        default: texts.en.available,
        changes: both(
          "Zones, replicas and alerts: 99.9% allows 43 minutes in 30 days, 99.99% four.",
          "可用区、副本与告警：30 天内 99.9% 允许 43 分钟，99.99% 允许 4 分钟。",
        ),
        effect: 70,
        needs: [],
      },
    ];
  const high = found.filter(({ quantity }) => quantity.value >= 99.99);
  const questions: Question[] = [];
  if (high.length > 0)
    questions.push({
      code: "availability-unreachable",
      blocks: high.some(({ quantity }) => quantity.value >= 99.999),
      asks: both(
        `"${high[0]!.source.quote}" cannot be reached with one region and one database. May it be lower, or are there two regions?`,
        `单地域单数据库无法达到“${high[0]!.source.quote}”。可以降低，还是有两个地域？`,
      ),
      default: "99.95%",
      changes: both("A second region with a standby doubles the servers.", "增加带备库的第二个地域会使服务器翻倍。"),
      effect: 500,
      needs: ids(high),
    });
  if (found.every(({ source, rule: _ }) => !/month|year|week|day|月|年|周|天/i.test(source.quote)))
    questions.push({
      code: "availability-window",
      blocks: false,
      asks: both("In which window is the availability counted?", "可用性按什么周期统计？"),
      default: texts.en.window,
      changes: both("The error budget: a longer window allows a longer outage at once.", "错误预算：周期越长，单次允许的中断越长。"),
      effect: 20,
      needs: ids(found),
    });
  return questions;
}

function ofVague({ vague }: Requirements): readonly Question[] {
  if (vague.length === 0) return [];
  const words = [...new Set(vague.map(({ word }) => word))].slice(0, 5).join(", ");
  const first = vague[0]!.source;
  return [
    {
      code: "vague-words",
      blocks: false,
      asks: both(
        `What do these words mean in figures: ${words} (${first.file}:${first.line})?`,
        `这些词的具体数值是多少：${words}（${first.file}:${first.line}）？`,
      ),
      default: texts.en.nothing,
      changes: both("They bind nothing until a figure stands beside them.", "在给出数值之前，它们不产生任何约束。"),
      effect: 30,
      needs: [],
    },
  ];
}

function ofRest({ needs, entities, concerns, understood }: Requirements): readonly Question[] {
  const asked: Question[] = [];
  const add = (question: Omit<Question, "blocks" | "needs">): void => void asked.push({ ...question, blocks: false, needs: [] });
  if (entities.length === 0)
    add({
      code: "entities",
      asks: both("What does the service keep? List each thing with its fields.", "服务要保存哪些东西？请列出每项及其字段。"),
      default: texts.en.nothing,
      changes: both("Modules, tables and their rules: without it a design has one module.", "模块、表及其规则：没有它，设计只有一个模块。"),
      effect: 90,
    });
  if (of(needs, "rpo").length === 0)
    add({
      code: "recovery",
      asks: both(
        "How much data may be lost (RPO), and how long may recovery take (RTO)?",
        "允许丢失多少数据（RPO），恢复可用多长时间（RTO）？",
      ),
      default: texts.en.recovery,
      changes: both("How WAL is archived, and whether there is a standby.", "WAL 归档方式，以及是否需要备库。"),
      effect: 40,
    });
  if (of(needs, "retention").length === 0)
    add({
      code: "retention",
      asks: both("How long is data kept?", "数据保留多久？"),
      default: texts.en.kept,
      changes: both(
        `Storage: ${figure(planningDefaults.storageBytes / 1e9)} GB are planned.`,
        `存储：按 ${figure(planningDefaults.storageBytes / 1e9)} GB 规划。`,
      ),
      effect: 35,
    });
  if (!concerns.some(({ name }) => name === "tenancy"))
    add({
      code: "tenancy",
      asks: both("Do several organizations share the service, each with its own data?", "是否有多个组织共用服务，各自的数据相互隔离？"),
      default: texts.en.no,
      changes: both("Every key, index and access rule.", "所有主键、索引与访问规则。"),
      effect: 75,
    });
  if (understood.share < 0.4)
    add({
      code: "not-understood",
      asks: both(
        `Only ${Math.round(understood.share * 100)}% of the document was understood. What matters in the other lines?`,
        `只理解了文档的 ${Math.round(understood.share * 100)}%。其余各行有哪些要点？`,
      ),
      default: texts.en.nothing,
      changes: both("What was not understood is not in the design.", "未理解的内容不会出现在设计中。"),
      effect: 85,
    });
  return asked;
}
