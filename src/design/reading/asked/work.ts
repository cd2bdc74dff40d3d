import { type Block, plain } from "../blocks.ts";
import { type Found, found, unique } from "../found.ts";
import { cronOf } from "./times.ts";

/** Is work that no caller waits for: what follows an event, or what the clock starts. */
export interface Work extends Found {
  /** When it is to be done, as an expression of cron. */
  readonly cron?: string;
  /** What it follows, in the words of the document: `a booking is confirmed`, `order.paid`. */
  readonly after?: string;
}

const sections =
  /background|async|\bjobs?\b|\bworkers?\b|schedul|\bcron\b|automation|automatic|\bevents?\b|triggers?|batch|notifications?$|后台|异步|定时|计划任务|自动化|事件|触发|批处理|通知/i;
const heads = {
  what: /^(?:jobs?|tasks?|work|actions?|what|does|reactions?|consumers?|subscribers?|handlers?|名称|任务|动作|操作|说明|处理|订阅者|消费者|后续动作)$/i,
  when: /^(?:when|schedule|cron|runs?|trigger(?:ed by)?|frequency|interval|events?|on|after|时间|周期|频率|调度|触发(?:条件|时机)?|事件(?:名称?)?)$/i,
};
const verbs =
  /\b(?:send|notify|e-?mail|remind|inform|push|alert|export|generate|build|create|compute|calculate|recalculate|aggregate|summari[sz]e|settle|reconcile|charge|bill|invoice|pay out|expire|close|cancel|archive|delete|purge|remove|clean|clear|refresh|rebuild|update|sync(?:hroni[sz]e)?|import|transcode|process|index|score|award|credit|roll up|report|release|mark)\w*/i;
const chineseVerbs =
  /发送|通知|提醒|推送|短信|邮件|导出|生成|计算|汇总|统计|结算|对账|扣款|开票|过期|失效|关闭|取消|归档|删除|清理|清除|刷新|重建|更新|同步|导入|转码|处理|索引|发放|赠送|释放|标记/;
const english =
  /^(?:(?:when|whenever|once|after|as soon as|on|upon) (?<after>(?:an?|the|each|every|any)?\s*[^,:，]{3,80}?)\s*[,:，]\s*(?:the (?:system|service|platform|backend|app) (?:must |will |should )?)?(?<does>.{4,160})|(?<first>.{4,160}?)\s+(?:when|whenever|once|after|as soon as|upon) (?<later>(?:an?|the|each|every|any)?\s*[^,.;]{3,80}))[.;]?$/i;
const chinese =
  /^(?:当|在)?(?<after>[^，,。；;：:]{2,30}?)(?:成功)?(?:之?后|时|以后)[，,]?\s*(?:系统|平台|服务)?(?:会|应|需|自动|异步)*(?<does>[^。；;]{2,80})[。；;]?$/;
const arrow = /^[`*]*(?<after>[A-Za-z][\w.-]{2,60}|[^→:：—–]{2,30}?)[`*]*\s*(?:→|->|=>|[:：—–]|\s-\s)\s*(?<does>.{3,160})$/u;

/** Finds what is done in the background: by the clock, or after something happened. */
export function findWork(blocks: readonly Block[]): readonly Work[] {
  const columns = new Map<string, string>();
  const rows = new Map<string, { what?: Block; when?: string }>();
  return unique(
    blocks.flatMap((block) => {
      if (block.kind === "cell") return ofCell(block, { columns, rows });
      return block.kind === "item" || block.kind === "text" ? ofLine(block) : [];
    }),
  );
}

interface Tables {
  readonly columns: Map<string, string>;
  readonly rows: Map<string, { what?: Block; when?: string }>;
}

/** A table of jobs has a column for what is done, and one for when. */
function ofCell(block: Block, { columns, rows }: Tables): readonly Work[] {
  const { table, row, column } = block.at!;
  const text = plain(block.text);
  if (row === 0) {
    columns.set(`${table}.${column}`, text);
    return [];
  }
  const head = columns.get(`${table}.${column}`) ?? "";
  const known = rows.get(`${table}.${row}`) ?? {};
  if (heads.when.test(head)) known.when = block.text;
  else if (heads.what.test(head) && does(text)) known.what = known.what ?? block;
  rows.set(`${table}.${row}`, known);
  if (known.what === undefined || known.when === undefined) return [];
  const made = workOf(known.what, { does: plain(known.what.text), when: known.when });
  rows.set(`${table}.${row}`, {});
  return [made];
}

function ofLine(block: Block): readonly Work[] {
  const text = plain(block.text);
  const isSection = sections.test(block.sections.slice(-2).join(" "));
  const cron = cronOf(block.text);
  if (cron !== undefined && does(text) && (isSection || isSentence(text))) return [workOf(block, { does: text, when: block.text })];
  if (text.length > 240 || /\bI (?:want|need)\b|我希望|我想/.test(text)) return [];
  const { groups } = (isSection ? arrow.exec(text) : null) ?? english.exec(text) ?? chinese.exec(text) ?? {};
  const said = groups?.does ?? groups?.first;
  const after = groups?.after ?? groups?.later;
  if (said === undefined || after === undefined || !does(said)) return [];
  const isWork = isSection || /\b(?:send|notify|e-?mail|remind|background|async|queue)\w*|发送|通知|提醒|推送|异步/i.test(said);
  return isWork ? [workOf(block, { does: said, when: after })] : [];
}

function does(text: string): boolean {
  return verbs.test(text) || chineseVerbs.test(text);
}

/** Outside of a section of jobs a sentence must say that something is done, and by no caller. */
function isSentence(text: string): boolean {
  return /^(?:every|each|nightly|hourly|daily|weekly|monthly|at \d|系统|每|定时|凌晨)/i.test(text) && text.length <= 200;
}

function workOf(block: Block, { does: said, when }: { readonly does: string; readonly when: string }): Work {
  const cron = cronOf(when);
  const { key: _, ...base } = found(block, {
    name: said.slice(0, 160),
    rule: cron === undefined ? "what follows an event" : "what the clock starts",
  });
  return {
    ...base,
    quote: base.quote === "" ? block.text.slice(0, 80) : base.quote,
    ...(cron === undefined ? { after: plain(when).slice(0, 120) } : { cron }),
  };
}
