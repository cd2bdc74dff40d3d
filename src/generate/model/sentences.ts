import type { OperationAct } from "./model.ts";

/** What a sentence of a PRD asks to be done. */
export interface Asked {
  readonly act: OperationAct;
  readonly verb?: string;
}

const changes =
  "cancel|approve|reject|close|reopen|pay|refund|ship|deliver|publish|archive|confirm|accept|decline|complete|activate|deactivate|suspend|resolve|assign|lock|unlock|expire|dispute";
const verbs: readonly (readonly [RegExp, OperationAct])[] = [
  [
    /^(?:create|add|place|write|submit|register|post|send|offer|make|book|open|upload|record|request|order|leave|ingest|enter|define|set up)\b/i,
    "create",
  ],
  [/^(?:view|see|list|browse|search|read|find|track|look|query|check|display|show|access|filter|get|retrieve|monitor)\b/i, "list"],
  [/^(?:update|edit|change|modify|manage|rename|adjust|configure|set)\b/i, "update"],
  [/^(?:delete|remove|take down|withdraw)\b/i, "remove"],
  [new RegExp(`^(?:${changes})\\b`, "i"), "transition"],
];
const chinese: readonly (readonly [RegExp, OperationAct, string?])[] = [
  [/创建|新建|新增|添加|发起|提交|下单|申请|录入|上传|登记|发送|上报/, "create"],
  [/查询|查看|浏览|搜索|检索|列出|跟踪|筛选|获取|列表/, "list"],
  [/修改|编辑|更新|管理|调整|设置|维护/, "update"],
  [/删除|移除/, "remove"],
  [/审核|审批|批准/, "transition", "approve"],
  [/驳回|拒绝/, "transition", "reject"],
  [/取消|撤销/, "transition", "cancel"],
  [/关闭/, "transition", "close"],
  [/处理|解决/, "transition", "resolve"],
  [/支付|付款/, "transition", "pay"],
  [/退款/, "transition", "refund"],
  [/发布|上架/, "transition", "publish"],
  [/下架|归档/, "transition", "archive"],
  [/确认/, "transition", "confirm"],
];

/** Reads what a story or a feature asks for; nothing where its verb is not known. */
export function readSentence(text: string): Asked | undefined {
  const plain = text.trim().replace(/^(?:be able to|to|easily|quickly)\s+/i, "");
  for (const [pattern, act] of verbs) {
    const found = pattern.exec(plain);
    if (found !== null) return act === "transition" ? { act, verb: found[0].toLowerCase() } : { act };
  }
  for (const [pattern, act, verb] of chinese) if (pattern.test(plain)) return verb === undefined ? { act } : { act, verb };
  return undefined;
}

const endings = /\b(?<verb>expire|close|cancel|archive|delete|purge|remove|clean|clear|release|lapse)(?:s|d|ed|ing)?\b/i;
const chineseEndings: readonly (readonly [RegExp, string])[] = [
  [/过期|失效/, "expire"],
  [/删除|清理|清除/, "remove"],
  [/归档/, "archive"],
  [/关闭/, "close"],
  [/取消/, "cancel"],
  [/释放/, "release"],
];

/** What a sentence of background work does to the rows that it names: the verb of a transition, or `remove`. */
export function changeVerbOf(text: string): string | undefined {
  const verb = endings.exec(text)?.groups?.verb?.toLowerCase() ?? chineseEndings.find(([pattern]) => pattern.test(text))?.[1];
  return verb !== undefined && /^(?:delete|purge|remove|clean|clear)$/.test(verb) ? "remove" : verb;
}

/** Sentences that ask for signing in. */
export const asksSignIn = /\b(?:log ?in|log ?out|sign ?(?:in|up|out)|authenticat|password|register (?:an )?account)|登录|注册|登出|密码/i;
