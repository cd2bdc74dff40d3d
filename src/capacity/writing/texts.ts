import type { Both } from "../../design/language.ts";
import type { StationKind } from "../model/system.ts";
import type { Cost, FigureName, FigureUnit, Resource } from "../planning/plan.ts";

interface FigureText {
  readonly title: string;
  readonly because: string;
}

const figuresEn: Readonly<Record<FigureName, FigureText>> = {
  peak: { title: "Requests at the peak", because: "everything else is sized for it" },
  mean: { title: "Requests on average", because: "what is stored and what is paid for grows with it" },
  response: { title: "Mean response time at the peak", because: "what a request needs alone, and its waits" },
  p99: { title: "p99 at the peak", because: "it must stay within the deadline" },
  concurrency: { title: "Executions at once", because: "arrivals times the time that each stays" },
  replicas: { title: "Processes", because: "a loop uses one core and needs room for bursts, and one process may be away at the peak" },
  pool: { title: "Connections of a pool", because: "with one process away at most 1% of transactions wait for a connection" },
  slots: { title: "Executions at once in a process", because: "with one process away at most 1% of requests wait for a slot" },
  queue: { title: "Waiting requests in a process", because: "who waits longer than half of the deadline is better refused at once" },
  memory: { title: "Memory of a process", because: "the program, and what runs or waits" },
  connections: { title: "Connections of PostgreSQL", because: "all processes, one more while it is replaced, and the migrations" },
  "postgres-cores": { title: "Processors of PostgreSQL", because: "they need room for bursts like the loop" },
  line: { title: "Load line of these processes", because: "the highest rate at which every deadline is kept at p99" },
  events: { title: "Events", because: "what the document states, or what writes lead to" },
  tasks: { title: "Tasks", because: "each event starts one" },
  "task-slots": { title: "Tasks at once", because: "arrivals times the time that each takes, with room for bursts" },
  storage: { title: "Growth of storage", because: "what writes leave, with their indexes" },
};

const figuresZh: Readonly<Record<FigureName, FigureText>> = {
  peak: { title: "峰值请求数", because: "其他一切都按它来定" },
  mean: { title: "平均请求数", because: "存储和费用随它增长" },
  response: { title: "峰值时的平均响应时间", because: "单个请求自身所需的时间加上等待" },
  p99: { title: "峰值时的 p99", because: "必须保持在截止时间之内" },
  concurrency: { title: "同时执行数", because: "到达率乘以每个停留的时间" },
  replicas: { title: "进程数", because: "每个事件循环占一个核，要给突发留余量，且峰值时允许缺一个进程" },
  pool: { title: "连接池的连接数", because: "缺一个进程时，至多 1% 的事务需要等待连接" },
  slots: { title: "每个进程的同时执行数", because: "缺一个进程时，至多 1% 的请求需要等待名额" },
  queue: { title: "每个进程的等待请求数", because: "等待超过截止时间一半的请求，不如立即拒绝" },
  memory: { title: "每个进程的内存", because: "程序本身，加上正在执行和等待的请求" },
  connections: { title: "PostgreSQL 的连接数", because: "所有进程、替换时多出的一个，以及迁移" },
  "postgres-cores": { title: "PostgreSQL 的处理器核数", because: "与事件循环一样要给突发留余量" },
  line: { title: "这些进程的负载线", because: "每个截止时间在 p99 都守得住的最高速率" },
  events: { title: "事件数", because: "文档所述，或由写操作引发" },
  tasks: { title: "任务数", because: "每个事件启动一个任务" },
  "task-slots": { title: "同时执行的任务数", because: "到达率乘以每个任务的耗时，并给突发留余量" },
  storage: { title: "存储增长", because: "写操作留下的数据及其索引" },
};

const unitsEn: Readonly<Record<Exclude<FigureUnit, "count">, string>> = {
  "per-second": "/s",
  ms: "ms",
  mib: "MiB",
  "gb-per-year": "GB a year",
};
const unitsZh: Readonly<Record<Exclude<FigureUnit, "count">, string>> = {
  "per-second": "/s",
  ms: "毫秒",
  mib: "MiB",
  "gb-per-year": "GB/年",
};

const stationsEn: Readonly<Record<StationKind, string>> = {
  loop: "event loop",
  pool: "pool of connections",
  slots: "slots",
  upstream: "upstream",
  postgres: "processors of PostgreSQL",
};
const stationsZh: Readonly<Record<StationKind, string>> = {
  loop: "事件循环",
  pool: "连接池",
  slots: "执行名额",
  upstream: "上游",
  postgres: "PostgreSQL 处理器",
};

const changesEn: Readonly<Record<Resource, string>> = {
  loop: "Add processes; move computing to threads; write smaller outputs.",
  pool: "Make transactions shorter: fewer statements, no work of the loop between them. Then raise the pool, where max_connections allows it.",
  slots: "Raise the concurrency in the budget of the operation; move slow calls into tasks.",
  upstream: "Raise its connections where it allows that; cache its responses; call it in a task.",
  postgres: "Look at the slowest statements and their indexes; cache reads; then a larger server; then split by tenant.",
  connections: "Smaller pools, or a pooler such as PgBouncer in front; then raise max_connections.",
  storage: "Keep rows for a shorter time; partition by time and archive; then more disk.",
};
const changesZh: Readonly<Record<Resource, string>> = {
  loop: "增加进程；把计算移到线程；缩小输出。",
  pool: "缩短事务：减少语句，语句之间不做事件循环的工作。然后在 max_connections 允许时增大连接池。",
  slots: "提高该操作预算中的并发；把慢调用移到任务中。",
  upstream: "在对方允许时增加连接；缓存其响应；改在任务中调用。",
  postgres: "检查最慢的语句及其索引；缓存读取；再换更大的服务器；最后按租户拆分。",
  connections: "减小连接池，或在前面加 PgBouncer 等连接池代理；再提高 max_connections。",
  storage: "缩短保留时间；按时间分区并归档；再增加磁盘。",
};

const resourcesEn: Readonly<Record<Resource, string>> = {
  ...stationsEn,
  connections: "connections of PostgreSQL",
  storage: "storage within a year",
};
const resourcesZh: Readonly<Record<Resource, string>> = { ...stationsZh, connections: "PostgreSQL 连接数", storage: "一年内的存储" };

const costsEn: Readonly<Record<Cost["driver"], readonly [name: string, unit: string]>> = {
  "app-cores": ["Processors of the app", "core-hours a month"],
  "postgres-cores": ["Processors of the database", "core-hours a month"],
  memory: ["Memory of the app", "GiB-hours a month"],
  storage: ["Growth of storage", "GB a month"],
};
const costsZh: Readonly<Record<Cost["driver"], readonly [name: string, unit: string]>> = {
  "app-cores": ["应用的处理器", "核时/月"],
  "postgres-cores": ["数据库的处理器", "核时/月（数据库）"],
  memory: ["应用的内存", "GiB 时/月"],
  storage: ["存储的增长", "GB/月（新增）"],
};

const en = {
  plan: "Capacity plan",
  generated: (file: string) =>
    `Made from the design of \`${file}\`. The same design and measurements give the same bytes. \`plimsoll plan --why NAME\` explains a figure.`,
  basis: {
    assumed: "The demands of a request are assumed. `plimsoll load --calibrate` measures them; then run `plimsoll plan` again.",
    measured: "The demands of operations were measured.",
  },
  figures: figuresEn,
  units: unitsEn,
  stations: stationsEn,
  resources: resourcesEn,
  changes: changesEn,
  costs: costsEn,
  figuresTitle: "Figures",
  formulas: "Formulas at 1×",
  stationsTitle: "How much is used at the peak",
  breaksTitle: "What gives out first",
  breaksText: "Processes are added as needed. What stays gives out in this order:",
  firstBreak: ({ resource, times }: { resource: string; times: string }) => `First: ${resource}, at ${times}× the load.`,
  modelsTitle: "The load line by three models",
  model: {
    queueing: "network of queues (used here)",
    little: "Little's law alone: slots divided by the time of one request",
    usl: "universal scalability law, fitted to the measured points",
    notFitted: "not there: it needs measured points",
    endless: "endless: the points show no contention",
  },
  costsTitle: "Cost drivers",
  assumedTitle: "What is assumed",
  operationsTitle: "Demands of operations",
  columns: {
    figure: "Figure",
    name: "Name",
    value: "Value",
    formula: "Formula",
    from: "From",
    source: "Source",
    station: "Station",
    most: "Carries at most",
    used: "Used",
    times: "At",
    change: "What to change then",
    model: "Model",
    amount: "Amount",
    operation: "Operation",
    share: "Share",
    loop: "Loop",
    held: "Loop with a connection",
    database: "PostgreSQL",
    waits: "Waits with a connection",
    upstreams: "Upstreams",
  },
  why: {
    is: "Value",
    formula: "Formula",
    because: "Why",
    from: "From",
    source: "Source",
    scales: "At 10× and 100×",
    nothing: "nothing but the formula",
  },
};

/** The words of a plan in both languages. */
export const texts: Both<typeof en> = {
  en,
  zh: {
    plan: "容量规划",
    generated: (file) => `由 \`${file}\` 的设计生成。相同的设计与测量得到相同的字节。\`plimsoll 规划 --why 名称\` 解释任一数字。`,
    basis: {
      assumed: "单个请求的资源消耗为假定值。用 `plimsoll 压测 --calibrate` 测量后，再运行 `plimsoll 规划`。",
      measured: "各操作的资源消耗来自测量。",
    },
    figures: figuresZh,
    units: unitsZh,
    stations: stationsZh,
    resources: resourcesZh,
    changes: changesZh,
    costs: costsZh,
    figuresTitle: "数字",
    formulas: "1× 时的公式",
    stationsTitle: "峰值时的占用",
    breaksTitle: "最先耗尽的资源",
    breaksText: "进程按需增加，其余保持不变，依次耗尽：",
    firstBreak: ({ resource, times }) => `最先耗尽：${resource}，在 ${times} 倍负载时。`,
    modelsTitle: "三种模型给出的负载线",
    model: {
      queueing: "排队网络（本规划采用）",
      little: "仅用利特尔法则：名额数除以单个请求的耗时",
      usl: "通用可扩展性定律，按测量点拟合",
      notFitted: "无：需要测量点",
      endless: "无上限：测量点未显示争用",
    },
    costsTitle: "成本因素",
    assumedTitle: "假设",
    operationsTitle: "各操作的资源消耗",
    columns: {
      figure: "数字",
      name: "名称",
      value: "值",
      formula: "公式",
      from: "依据",
      source: "来源",
      station: "站点",
      most: "最多承载",
      used: "占用",
      times: "倍数",
      change: "届时如何改",
      model: "模型",
      amount: "数量",
      operation: "操作",
      share: "占比",
      loop: "事件循环",
      held: "持有连接时的事件循环",
      database: "数据库处理器",
      waits: "持有连接的等待",
      upstreams: "上游",
    },
    why: {
      is: "值",
      formula: "公式",
      because: "原因",
      from: "依据",
      source: "来源",
      scales: "10× 与 100× 时",
      nothing: "仅由公式得出",
    },
  },
};
