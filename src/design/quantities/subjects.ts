import type { Measure } from "./quantity.ts";

/** Is a word for what is counted. */
export interface Subject {
  /** The name in a {@link Quantity}: one English word in the singular. */
  readonly name: string;
  /** What a number of these is if it is not a rate. */
  readonly measure: Measure;
  readonly active?: "daily" | "weekly" | "monthly" | "concurrent" | "registered";
}

const people =
  "users?|clients?|players?|viewers?|learners?|students?|participants?|customers?|patients?|riders?|drivers?|passengers?|visitors?|guests?|fans?|buyers?|sellers?|shoppers?|employees?|teachers?|doctors?|couriers?|residents?|citizens?|travell?ers?|creators?|readers?|listeners?|attendees?|subscribers?|members?|people";
const chinesePeople =
  "用户|人数|人|学生|玩家|司机|货主|骑手|乘客|患者|病人|医生|护士|教师|老师|学员|员工|职工|买家|卖家|顾客|访客|游客|居民|市民|主播|观众|业主|房东|租客|客户|会员";

interface Row extends Subject {
  /** Source of a regular expression, read without regard to case. */
  readonly english: string;
  readonly chinese: string;
}

// The longer name stands first: "concurrent users" before "users".
const rows: readonly Row[] = [
  {
    name: "user",
    measure: "users",
    active: "concurrent",
    english: `(?:concurrent|simultaneous|parallel|online)(?:ly)?(?: active)? (?:${people})|(?:${people}) (?:(?:are|is|be) )?(?:concurrently|simultaneously|online|at the same time)|[CP]CU`,
    chinese: `(?:个|名|位)?(?:同时在线|并发在线|在线|并发|同时)(?:的)?(?:${chinesePeople})(?:数|量)?|(?:个|名|位|人)?(?:用户|人)?(?:同时在线|并发在线|同时使用|同时访问)`,
  },
  {
    name: "user",
    measure: "users",
    active: "daily",
    english: `(?:daily active|active daily) (?:${people})|DAUs?`,
    chinese: "(?:个|名|位)?(?:日活跃?|每日活跃)(?:用户)?(?:数|量)?",
  },
  {
    name: "user",
    measure: "users",
    active: "weekly",
    english: `weekly active (?:${people})|WAUs?`,
    chinese: "(?:个|名|位)?周活跃?(?:用户)?(?:数|量)?",
  },
  {
    name: "user",
    measure: "users",
    active: "monthly",
    english: `(?:monthly active|active monthly) (?:${people})|MAUs?`,
    chinese: "(?:个|名|位)?(?:月活跃?|每月活跃)(?:用户)?(?:数|量)?",
  },
  {
    name: "user",
    measure: "users",
    active: "registered",
    english: `registered (?:accounts?|${people})|(?:${people}) (?:are |is |have )?registered`,
    chinese: `(?:个|名|位)?注册(?:${chinesePeople})(?:数|量)?`,
  },
  {
    name: "connection",
    measure: "concurrency",
    english: "(?:concurrent |simultaneous |open |active |websocket |persistent )*(?:web ?socket )?connections?",
    chinese: "个? ?(?:并发|同时|长|WebSocket ?)*连接(?:数)?",
  },
  {
    name: "request",
    measure: "concurrency",
    english: "(?:concurrent|simultaneous|parallel|in-flight) (?:[a-z]+ )?(?:requests?|calls?)|concurrent(?:ly)?(?= |$)(?! [a-z])",
    chinese: "个?(?:并发|同时)(?:的)?请求(?:数|量)?|(?:的)?(?:个)?并发(?:数|量|访问量?|能力|处理)?(?!用户|连接|请求|在线)",
  },
  {
    name: "session",
    measure: "concurrency",
    english: "(?:concurrent|simultaneous|active|parallel) sessions?",
    chinese: "个?(?:并发|同时|活跃)(?:的)?会话(?:数)?",
  },
  {
    name: "job",
    measure: "concurrency",
    english:
      "(?:concurrent|simultaneous|parallel) (?:\\w+ ){0,2}(?:jobs?|tasks?|executions?|workflows?|streams?|uploads?|downloads?|calls?|rooms?|meetings?|games?|processes)",
    chinese: "个?(?:并发|同时)(?:的)?(?:任务|作业|流程|上传|下载)(?:数)?",
  },
  {
    name: "node",
    measure: "nodes",
    english: "(?:worker |server |cluster |compute )?nodes?|instances?|replicas?|servers?|pods?",
    chinese: "个?(?:台)?(?:节点|实例|副本|服务器|机器)(?:数)?",
  },
  {
    name: "tenant",
    measure: "records",
    english: "tenants?|organi[sz]ations?|compan(?:y|ies)|merchants?|workspaces?|institutions?",
    chinese: "(?:个|家)?(?:租户|企业|商户|商家|组织|机构)(?:数)?",
  },
  {
    name: "user",
    measure: "users",
    english: `(?:total |active |end |paying |paid |platform )*(?:${people})`,
    chinese: `(?:个|名|位)?(?:活跃|终端)?(?:${chinesePeople})(?:数|量|规模)?`,
  },
  {
    name: "request",
    measure: "count",
    english: "(?:API |HTTP |REST )*(?:requests?|reqs?|hits?|API calls?|calls?)",
    chinese: "(?:个|次|条)?(?:API ?|HTTP ?|接口)?(?:并发)?(?:请求|调用|访问)(?:数|量)?",
  },
  {
    name: "transaction",
    measure: "records",
    english: "(?:payment |financial )*(?:transactions?|txns?|tx)",
    chinese: "(?:个|笔|次|条)?(?:支付|在线)?(?:交易|事务)(?:数|量)?|笔",
  },
  { name: "payment", measure: "records", english: "payments?", chinese: "(?:个|笔|次)?支付(?!宝)" },
  {
    name: "query",
    measure: "count",
    english: "(?:search |database |SQL )*quer(?:y|ies)|search(?:es)?",
    chinese: "(?:个|次|条)?(?:查询|检索|搜索)(?:数|量)?",
  },
  { name: "message", measure: "records", english: "(?:chat )?messages?|msgs?", chinese: "(?:个|条)?消息(?:数|量)?" },
  { name: "event", measure: "records", english: "(?:\\w+ )?events?", chinese: "(?:个|条|次)?事件(?:数|量)?" },
  { name: "order", measure: "records", english: "orders?", chinese: "(?:个|笔|张|条)?订单(?:数|量)?|单(?!位|个|机|次|用)" },
  { name: "notification", measure: "records", english: "(?:push )?notifications?|emails?", chinese: "(?:个|条|封)?(?:通知|推送|邮件)" },
  { name: "job", measure: "records", english: "(?:background )?(?:jobs?|tasks?)", chinese: "个?(?:任务|作业)(?:数|量)?" },
  {
    name: "file",
    measure: "records",
    english: "files?|documents?|images?|photos?|videos?|uploads?",
    chinese: "(?:个|张|份)?(?:文件|文档|图片|视频)(?:数|量)?",
  },
  {
    name: "device",
    measure: "records",
    english: "(?:IoT |connected )*(?:devices?|sensors?|vehicles?)",
    chinese: "(?:个|台|辆)?(?:设备|终端|传感器|车辆)(?:数|量)?",
  },
  { name: "product", measure: "records", english: "products?|SKUs?|items?|listings?", chinese: "(?:个|件|种)?(?:商品|产品|SKU)(?:数|量)?" },
  { name: "write", measure: "count", english: "(?:database )?(?:writes?|inserts?|updates?)", chinese: "次?(?:写入|写)" },
  { name: "read", measure: "count", english: "(?:database )?reads?", chinese: "次?(?:读取|读)" },
  { name: "operation", measure: "count", english: "operations?|ops", chinese: "次?操作" },
  { name: "check", measure: "count", english: "(?:rate.?limit |health )?(?:checks?|evaluations?|decisions?)", chinese: "次?(?:检查|校验)" },
  {
    name: "record",
    measure: "records",
    english: "(?:data )?(?:records?|rows?|entries|points?|samples?)",
    chinese: "(?:条|行|个)?(?:数据)?(?:记录|数据|日志)(?:数|量)?|条",
  },
  { name: "request", measure: "count", english: "times", chinese: "次" },
];

const english = rows.map((row) => ({ row, pattern: new RegExp(`(?:${row.english})(?![A-Za-z])`, "iy") }));
const chinese = rows.map((row) => ({ row, pattern: new RegExp(row.chinese, "y") }));

/** Reads a word for what is counted at `index`, and returns it with the place where it ends; the longest one counts. */
export function readSubject(text: string, index: number): { readonly subject: Subject; readonly end: number } | undefined {
  const code = text.charCodeAt(index);
  let best: { readonly subject: Subject; readonly end: number } | undefined;
  for (const { row, pattern } of code > 0x2e7f ? chinese : [...english, ...chinese]) {
    pattern.lastIndex = index;
    if (pattern.test(text) && pattern.lastIndex > (best?.end ?? index)) best = { subject: row, end: pattern.lastIndex };
  }
  return best;
}
