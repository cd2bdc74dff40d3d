import type { Block } from "./blocks.ts";

/** What a service may be asked for beside its operations, each with a part of the platform that does it. */
export type ConcernName =
  | "authentication"
  | "authorization"
  | "tenancy"
  | "audit"
  | "idempotency"
  | "payments"
  | "events"
  | "notifications"
  | "realtime"
  | "search"
  | "files"
  | "schedules"
  | "workflow"
  | "cache"
  | "rate-limits"
  | "webhooks"
  | "encryption"
  | "backup"
  | "observability"
  | "reports"
  | "import-export"
  | "languages"
  | "privacy"
  | "machine-learning"
  | "user-interface"
  | "testing"
  | "deployment";

/** Is a concern with the places that name it. */
export interface Concern {
  readonly name: ConcernName;
  /** Offsets in the document of the blocks that name it. */
  readonly starts: readonly number[];
  readonly quote: string;
}

const patterns: readonly (readonly [ConcernName, RegExp])[] = [
  ["authentication", /\bauthenticat|\blog ?in\b|\bsign ?(?:in|up)\b|\bJWT\b|\bOAuth|\bSSO\b|password|登录|注册|认证|鉴权|密码/i],
  ["authorization", /\bRBAC\b|\broles?\b|permission|access control|authoriz|权限|角色|授权/i],
  ["tenancy", /multi-?tenan|\btenants?\b|tenant-|租户|多企业/i],
  ["audit", /\baudit|审计|操作日志|留痕/i],
  ["idempotency", /idempoten|exactly once|duplicate (?:request|payment|message)|幂等|去重|重复提交/i],
  ["payments", /\bpayments?\b|\brefunds?\b|\bcheckout\b|\bstripe\b|\bbilling\b|支付|退款|对账|结算|计费/i],
  ["events", /\bevents?[- ](?:driven|bus|stream|sourc)|\bkafka\b|message (?:queue|broker)|pub\/?sub|rabbitmq|事件|消息队列|异步/i],
  ["notifications", /notif|\bemails?\b|\bSMS\b|\bpush\b|通知|邮件|短信|提醒|推送/i],
  ["realtime", /real-?time|web ?socket|\bSSE\b|\blive\b|实时|长连接/i],
  ["search", /\bsearch|full-?text|elastic|搜索|检索|模糊查询/i],
  ["files", /\bupload|\bfiles?\b|attachment|\bS3\b|\bimages?\b|上传|附件|文件|图片/i],
  ["schedules", /\bcron\b|schedul|periodic|定时|计划任务|每日任务/i],
  ["workflow", /workflow|approval|state machine|\bsaga|流程|审批|状态机|工单/i],
  ["cache", /\bcach|\bredis\b|缓存/i],
  ["rate-limits", /rate[- ]?limit|throttl|\bquota|限流|限速|频率限制/i],
  ["webhooks", /web-?hooks?|callback url|回调/i],
  ["encryption", /encrypt|\bTLS\b|\bHTTPS\b|hash(?:ed|ing)|加密|脱敏/i],
  ["backup", /\bbackups?\b|disaster recovery|\bRPO\b|\bRTO\b|备份|灾备|容灾/i],
  ["observability", /monitor|\blogs?\b|logging|metrics?\b|tracing|prometheus|grafana|health ?check|监控|日志|指标|追踪|告警/i],
  ["reports", /\breports?\b|dashboard|analytics|statistic|报表|统计|看板|分析/i],
  ["import-export", /\bexport|\bimport\b|\bCSV\b|\bexcel\b|导入|导出/i],
  ["languages", /\bi18n\b|internationali|locali[sz]|multi-?language|多语言|国际化/i],
  ["privacy", /\bGDPR\b|\bCCPA\b|\bHIPAA\b|\bPCI\b|\bPII\b|privacy|complian|隐私|合规/i],
  ["machine-learning", /\bLLM\b|\bAI\b|machine learning|\bmodels?\b.*\b(?:train|infer)|embedding|人工智能|大模型/i],
  ["user-interface", /\bUI\b|\bUX\b|front-?end|\bpages?\b|\bscreens?\b|responsive|页面|界面|按钮|前端|弹窗/i],
  ["testing", /\btests?\b|testing|coverage|测试|验收/i],
  ["deployment", /deploy|docker|kubernetes|\bCI\/CD\b|\bcloud\b|部署|容器|上线/i],
];

/** Finds what a document asks for beside its operations. */
export function findConcerns(blocks: readonly Block[]): readonly Concern[] {
  const found = new Map<ConcernName, { starts: number[]; quote: string }>();
  for (const block of blocks) {
    for (const [name, pattern] of patterns) {
      const match = pattern.exec(block.text);
      if (match === null) continue;
      const entry = found.get(name) ?? { starts: [], quote: match[0] };
      entry.starts.push(block.start);
      found.set(name, entry);
    }
  }
  return patterns.flatMap(([name]) => (found.has(name) ? [{ name, ...found.get(name)! }] : []));
}
