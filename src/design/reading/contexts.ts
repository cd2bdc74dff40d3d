import type { Quantity } from "../quantities/quantity.ts";

/** Why a number is in a document. Only requirements bind; everything else is listed as seen and not used. */
export type Context =
  | "requirement"
  | "alert-threshold"
  | "rate-limit"
  | "cost"
  | "load-test"
  | "pricing-tier"
  | "milestone"
  | "business-goal"
  | "ui-rule"
  | "configuration"
  | "upstream"
  | "example"
  | "description"
  | "quality"
  | "unclear";

/** Is a quantity with what stands around it. */
export interface Surroundings {
  readonly quantity: Quantity;
  /** The whole line or cell. */
  readonly line: string;
  /** The sentence of the line that states the quantity. */
  readonly sentence: string;
  /** The part of the sentence before the quantity. */
  readonly before: string;
  /** The part after it. */
  readonly after: string;
  /** The items and heads that name the line. */
  readonly labels: string;
  /** The headings above it, without the title of the document. */
  readonly path: string;
  readonly title: string;
}

/** Is one reason why a number is not a requirement. */
interface Rule {
  readonly context: Context;
  /** The name under which a report says why. */
  readonly name: string;
  readonly holds: (around: Surroundings) => boolean;
}

const isTime = ({ unit }: Quantity): boolean => unit === "ms";
const isCrowd = ({ measure }: Quantity): boolean => measure === "users" || measure === "records";
const promises =
  /\b(?:support(?:s|ing)?|handl(?:e|es|ing)|serv(?:e|es|ing)|scal(?:e|es|ing|able) (?:up )?to|accommodat\w+|sustain\w*|process(?:es)?|capacity|must|sha[l]l|should|able to|capable)\b|支持|支撑|承载|容纳|满足|扩展[至到]|处理|应对|能够|可达|不低于/i;
/** "If a driver does not answer within 15 s": a time after which something else happens. */
const demands = /\b(?:sha[l]l|must|should|has to|have to)\b|必须|应当|需在|应在/i;
/** "For files of up to 500 items": what one call carries, not what is stored. */
const carried =
  /\b(?:containing|for (?:a |an |each )?(?:files?|datasets?|calendars?|documents?|batch(?:es)?|uploads?))\b[^,.;]{0,24}$|\bfor\s$/i;
const givesUp =
  /(?:\bnot\b|n't\b|\bno\b|\bwithout\b|\bfails to\b)(?! (?:more|later|longer|less|exceed|be (?:more|longer)))[^,.;]{0,30}(?:within|in|for)\s$/i;
/** What one caller may do is a limit, unless it is said of days or as an average: then it is what one caller does. */
const isLimitOfOne = ({ per, windowMs, bound, load }: Quantity): boolean =>
  ["user", "address", "key"].includes(per ?? "") &&
  ((windowMs ?? 0) < 86_400_000 || bound === "at-most") &&
  load !== "average" &&
  bound !== "about";
const strictly = /time-?out|\bTTL\b|expir|interval|retr(?:y|ies)|backoff|polling|超时|有效期|过期|间隔|重试|轮询/i;
const nonFunctional =
  /non-?functional|\bNFRs?\b|performance|scalab|reliab|availab|capacity|throughput|latency|response time|service level|\bSL[AO]s?\b|technical (?:requirements|kpi|metrics|success)|quality attributes|非功能|性能|容量|可靠|可用性|可扩展|扩展性|并发|吞吐|响应时间|服务等级|技术指标/i;

// The first that holds counts.
const rules: readonly Rule[] = [
  {
    context: "cost",
    name: "a price or a budget",
    holds: ({ path, line }) =>
      /\bcosts?\b|\bbilling (?:estimate|example)|budget estimate|成本(?!优化)|费用|报价/i.test(path) ||
      /[$€£¥]\s?\d|\d\s?(?:元|美元|(?:USD|EUR|euros?|dollars?|cents?)\b)|\bcosts? \d/i.test(line),
  },
  {
    context: "pricing-tier",
    name: "an offer of a plan that customers pay for",
    holds: ({ path, labels, line }) =>
      /(?:^|> )[\d.\s]*(?:plans?|packages|editions|套餐|版本)$/i.test(path) ||
      /\b(?:free|premium|enterprise|paying|business) (?:customers|users|subscribers|accounts) (?:get|have|receive|may)\b/i.test(line) ||
      /pricing|freemium|\bpaid plans?|(?:subscription|service|membership) (?:plans?|tiers?)|\btiers?\b|定价|收费|会员等级|套餐价格|版本对比/i.test(
        `${path} ${labels}`,
      ) ||
      /\b(?:free|pro|premium|enterprise|basic|starter|business)(?: |-)(?:tier|plan)\b|免费版|专业版|企业版|标准版/i.test(
        `${labels} ${line}`,
      ),
  },
  {
    context: "load-test",
    name: "a step of a load test",
    holds: ({ path, line }) =>
      /load[- ]?test|stress[- ]?test|soak|spike test|压测|压力测试|负载测试|test (?:plan|matrix|scenarios?|cases?)|performance test(?:s|ing)?$|性能测试$|测试(?:矩阵|用例|场景|方案|计划)/i.test(
        path,
      ) || /load[- ]test|stress[- ]test|soak test|\b(?:k6|jmeter|locust|gatling|wrk)\b|压测|压力测试/i.test(line),
  },
  {
    context: "alert-threshold",
    name: "a threshold of an alert",
    holds: ({ path, sentence, quantity, before, after }) =>
      /\balert(?:s|ing)?\b|\balarm|warning rules?|告警|报警|预警/i.test(path) ||
      /(?:→|->|=>|:|,|，|then|触发|发送|系统)\s*[^,，。]{0,12}(?:alert|alarm|warn(?:ing)?\b|page on|告警|报警|预警|升级|通知)/i.test(
        after,
      ) ||
      /(?:\b(?:alert|alarm|warn|page|notify)\w* (?:if|when|on|at|for|above|below)|告警|报警|预警|阈值)[^。;；]{0,24}$/i.test(before) ||
      (/warning|critical|alert|预警|告警/i.test(sentence.slice(0, 24)) && !(quantity.bound === "at-most" && demands.test(sentence))) ||
      // A latency of at least so much is never wanted.
      ((quantity.measure === "latency" || quantity.measure === "errors") && quantity.bound === "at-least"),
  },
  {
    context: "rate-limit",
    name: "a limit on callers",
    holds: ({ path, line, sentence, before, labels, quantity }) =>
      quantity.measure === "rate" &&
      (/rate[- ]?limit|throttl|\bquotas?\b|限流|限速|频率限制|配额/i.test(`${labels} ${line}`) ||
        /(?:rate|request|usage|API|interface)[- ]?limit(?:s|ing)?$|(?:^|> )[\d.\s]*(?:limits?|abuse)$|throttling|限流|频率限制|(?:接口|访问|调用|请求)限制/i.test(
          path,
        ) ||
        /\b429\b|\bchalleng|\bblock(?:ed|s)\b|\bbann(?:ed|s)\b|\brefused\b|\brejected\b|超限|封禁|拒绝/i.test(sentence) ||
        /\bmay not\b|\bnot allowed\b|\blimit(?:ed to)?:?\s+$/i.test(before) ||
        quantity.subject === "attempt" ||
        isLimitOfOne(quantity)),
  },
  {
    context: "upstream",
    name: "a limit or a time of another system",
    holds: ({ path, sentence, after }) =>
      /(?:external|third[- ]party|upstream) (?:systems?|services?|interfaces?|APIs?|dependenc)|(?:外部|第三方|上游)(?:系统|服务|接口|依赖)/i.test(
        path,
      ) ||
      (/\b(?:provider|gateway|vendor|third[- ]party|upstream|bank|carrier)\b|第三方|上游|供应商/i.test(sentence) &&
        /\b(?:allows?|accepts|answers|bills|limits|permits|grants) |(?:限制|允许)我们/i.test(sentence)) ||
      /^[^,.;]{0,12}\bon its own\b/i.test(after),
  },
  {
    context: "example",
    name: "an example",
    holds: ({ before }) =>
      /(?:^examples?:|\be\.?g\.?|for example|for instance|such as|例如|比如|譬如|以)[,，:：\s]*[^,，。;；()（）]{0,20}$/i.test(
        before.slice(-40),
      ) && /e\.?g|example|instance|例如|比如|譬如/i.test(before.slice(-40)),
  },
  {
    context: "ui-rule",
    name: "a rule of the user interface",
    holds: ({ line, quantity }) =>
      !/^p\d/.test(quantity.statistic ?? "") &&
      (isTime(quantity) || quantity.unit === "percent" || quantity.measure === "records" || quantity.measure === "count") &&
      /\bcolou?r|\btoast|debounce|animat|\bhover|\bscroll|\bmodal\b|\btooltip|carousel|\bper page\b|items by default|显示(?:为)?(?:绿|红|黄|橙)|绿色|红色|黄色|动画|按钮|弹窗|切换(?:语言|主题)|防抖|节流|轮播|高亮|每页|分页大小|渲染时间|消失/i.test(
        line,
      ),
  },
  {
    context: "configuration",
    name: "a setting",
    holds: ({ before, after, labels, path, quantity }) =>
      (isTime(quantity) &&
        (/\bevery\s*$|每隔?\s*$/i.test(before) ||
          /^\s?(?:之?内)?(?:未|没有|无(?=响应|人|操作)|不(?=响应|操作))/.test(after) ||
          givesUp.test(before))) ||
      ((quantity.measure === "duration" ||
        quantity.measure === "count" ||
        (isTime(quantity) && strictly.test(`${before.slice(-16)} ${labels}`))) &&
        (/(?:time-?outs?|\bTTL|expir\w*|valid(?:ity)? (?:for|period)?|interval|retr(?:y|ies)|backoff|lock-?out|\bsessions? (?:lasts?|of)|polling|cron|grace|window|hold|\bwait\w*|delay of|cach(?:e|ed|ing) (?:for|time|ttl)|every|reminder|cool-?down|超时|有效期|过期|间隔|重试|轮询|缓存|锁定|每隔|定时|等待|提醒|Hold)[^,，。;；]{0,24}$/i.test(
          before,
        ) ||
          /^\s?(?:[A-Za-z]+ )?(?:time-?out|interval|window|TTL|后过期|超时|轮询|重试|有效|before|一次)/i.test(after) ||
          /time-?out|\bTTL\b|interval|expir|超时|有效期|间隔|重试/i.test(labels))) ||
      (["nodes", "size", "concurrency", "ratio", "bandwidth"].includes(quantity.measure) &&
        (/configuration|\bspecifications?$|container|\bdeploy|environment|infrastructure|hardware|硬件|配置|部署|环境/i.test(path) ||
          /\(default\)|默认/i.test(after) ||
          /\b(?:min|max|default|initial)\b[^,]{0,12}$|默认[^，]{0,8}$/i.test(before))) ||
      (quantity.measure === "concurrency" && /\bpool(?:s|ed|ing)?\b|连接池/i.test(`${before}${quantity.quote}`)) ||
      (["records", "size"].includes(quantity.measure) && carried.test(before)) ||
      (quantity.measure === "rate" && quantity.value < 10 && /重试|备份|重启|演练|retry|backup/i.test(`${before}${after}`)),
  },
  {
    context: "milestone",
    name: "a step of a plan",
    holds: ({ path, line, quantity }) =>
      (/road-?map|milestone|timeline|roll-?out|\bphase \d|phases?$|go-to-market|\bGTM\b|launch|sprint|schedule|implementation plan|里程碑|路线图|版本规划|排期|实施计划|开发计划|阶段\s?[\d一二三四五]|迭代计划|项目计划/i.test(
        path,
      ) &&
        !nonFunctional.test(path.split(" > ").at(-1) ?? "")) ||
      (isTime(quantity) && /开发周期|工期|\bweeks? of development/i.test(line)),
  },
  {
    context: "business-goal",
    name: "a goal of the business",
    holds: ({ path, line, quantity }) =>
      /\bmarket\b|marketing|\bSEO\b|revenue|financial|competit|business (?:metrics|impact|goals?|model|kpis?)|product metrics|customer acquisition|\bgrowth\b|adoption|商业|营收|市场|竞品|业务(?:指标|目标|价值)|核心价值|运营指标/i.test(
        path,
      ) && !(nonFunctional.test(path) || (isCrowd(quantity) && promises.test(line))),
  },
  {
    context: "description",
    name: "a description of what is there",
    holds: ({ path, sentence, line, after }) =>
      /^[^,，。;；]{0,8}(?:→|->|⇒)/.test(after) ||
      /^[^,，.。;；]{0,24}\b(?:now|today|at present|at the moment)\b/i.test(after) ||
      /\boption \d|alternatives?|comparison|trade-?offs?|benefits?\b|characteristics|breakdown|\bestimates?\b|^why\b|> why\b|conclusion|\bbackground\b|problem statement|current (?:state|situation)|cold start|背景|现状|痛点|总结|方案对比/i.test(
        path,
      ) ||
      /[✅❌]\s/u.test(line.slice(0, 3)) ||
      /\bcurrently|today'?s|原来(?:的|需要)?|目前(?!标)|以往/i.test(sentence),
  },
];

/** Says why a quantity is in the document, and by which rule. */
export function contextOf(around: Surroundings): { readonly context: Context; readonly rule: string } {
  const found = rules.find(({ holds }) => holds(around));
  if (found !== undefined) return { context: found.context, rule: found.name };
  return requirementOf(around);
}

const expected =
  /\b(?:expect(?:s|ed)?|registered|at the same time|concurrent(?:ly)?|simultaneously|online|by the end of)\b|预计|注册|同时/i;
/** "One reading is about 180 bytes": how large each of many is. */
const ofOne =
  /\b(?:(?:one|each|every) [a-z]+(?: [a-z]+)? (?:is|has|takes|needs))\b[^,.;]{0,16}$|(?:单条|单个|每条|每个)[\u4e00-\u9fff]{0,8}$|\brecord (?:is|takes)[^,.;]{0,12}$/i;
const reduces = /\b(?:reduc|decreas|increas|improv|sav(?:e|ing))|提升|降低|减少|缩短|提高|节省/i;
const ofQuality =
  /coverage|accura|precision|recall|confidence|satisf|hallucinat|复核|覆盖率|准确率|及时率|满意|完整率|合规|通过率|效率|误差|测试/i;

/** What no other rule explains binds if it is of a kind that a design depends on. */
function requirementOf({ quantity, line, sentence, path, title, labels, before, after }: Surroundings): {
  readonly context: Context;
  readonly rule: string;
} {
  const all = `${path} ${labels} ${line}`;
  const requirement = (rule: string) => ({ context: "requirement" as const, rule });
  switch (quantity.measure) {
    case "rate":
    case "concurrency":
    case "rpo":
    case "rto":
      return requirement(`states a ${quantity.measure}`);
    case "availability":
      return /仪器|机台|instrument|equipment/i.test(before.slice(-12))
        ? { context: "quality", rule: "is not of the system" }
        : requirement("states an availability");
    case "latency":
      return latencyOf({ quantity, all, sentence, line });
    case "duration":
      if (
        quantity.bound === "at-most" &&
        quantity.value <= 600_000 &&
        demands.test(sentence) &&
        /(?:within|in under|内)\s*$/i.test(before + quantity.quote.replace(/[\d.]+.*$/s, ""))
      )
        return latencyOf({ quantity, all, sentence, line });
      if (nonFunctional.test(`${title} ${path} ${labels}`) && quantity.bound === "at-most")
        return latencyOf({ quantity, all, sentence, line });
      return { context: "unclear", rule: "a time that nothing says the meaning of" };
    case "users":
    case "records":
    case "nodes":
      if (
        quantity.active !== undefined ||
        expected.test(sentence) ||
        promises.test(`${labels} ${line}`) ||
        nonFunctional.test(`${title} ${path}`)
      )
        return requirement("states how many must be supported");
      return { context: "description", rule: "a number that nothing says must be supported" };
    case "retention":
      return quantity.value >= 86_400_000 && !/retention (?:@|rate)|user retention|留存率/i.test(line)
        ? requirement("states how long data is kept")
        : { context: "unclear", rule: "a time that nothing says the meaning of" };
    case "size":
    case "bandwidth":
      if (/\b(?:in total|a year|per year|of data|on average)\b|总计|总量/i.test(after.slice(0, 24)) || ofOne.test(before))
        return requirement("states an amount of data");
      if (quantity.windowMs !== undefined || /storage|data volume|\bdata\b.*(?:grow|stor)|存储|数据量|增长/i.test(all))
        return requirement("states an amount of data");
      return { context: "configuration", rule: "a size that is not of stored data" };
    case "success":
    case "errors":
      return reduces.test(line) ||
        ofQuality.test(line) ||
        /\btest|测试|用户体验|user experience/i.test(path) ||
        !(
          /rate|ratio|率/i.test(`${labels} ${before}`) ||
          /^\s?(?:success|error|of\b[^.]{0,60}(?:success|succeed|deliver|fail|error|lost|drop))/i.test(after)
        )
        ? { context: "quality", rule: "a share that no part of the design decides" }
        : requirement("states a share of successes or errors");
    default:
      return { context: quantity.unit === "percent" ? "quality" : "unclear", rule: "of a kind that no part of the design depends on" };
  }
}

const ofPeople =
  /注册时间|登记时间|登记平均|审核时间|审批|录入总耗时|平均录入|配置时间|\bsupport (?:ticket|response)|onboarding|\bsetup\b|time to (?:first|market|value)|用户操作/i;

interface OfTime {
  readonly quantity: Quantity;
  readonly all: string;
  readonly sentence: string;
  readonly line: string;
}

function latencyOf({ quantity, all, sentence, line }: OfTime): { readonly context: Context; readonly rule: string } {
  const isDemanded = quantity.value <= 600_000 && demands.test(sentence);
  if (
    ofPeople.test(line) ||
    (quantity.value >= 60_000 &&
      !isDemanded &&
      (!/performance|latency|response time|性能|响应|延迟/i.test(all) || /解决|审批|处理完|resol/i.test(line)))
  )
    return { context: "business-goal", rule: "a time that people take" };
  return { context: "requirement", rule: "states a latency" };
}
