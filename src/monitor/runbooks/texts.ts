import type { Both } from "../../cli/language.ts";

/** The texts of one alert: its one line, what it means for callers, and what to do, the likeliest first. */
export interface AlertTexts {
  readonly summary: string;
  readonly means: string;
  readonly act: readonly string[];
}

interface Texts {
  /** The line of an alert of a pair of windows. */
  readonly burns: (window: { readonly long: string; readonly short: string; readonly burn: number }) => string;
  /** The line of the alert where there are few requests. */
  readonly few: (failures: number, long: string) => string;
  readonly alerts: Readonly<Record<string, AlertTexts>>;
  readonly means: string;
  readonly look: string;
  readonly act: string;
  readonly set: string;
  readonly severity: { readonly page: string; readonly ticket: string };
}

const en: Texts = {
  burns: ({ long, short, burn }) =>
    `{{ $labels.operation }} burns its budget for errors more than ${burn} times faster than it may, over ${long} and still over ${short}.`,
  few: (failures, long) => `{{ $labels.operation }} failed ${failures} times or more within ${long}, of few requests.`,
  means: "What it means",
  look: "Look",
  act: "Act",
  set: "Set the addresses of the ops port and of Prometheus once; the commands below run as they are printed.",
  severity: { page: "Page: act now.", ticket: "Ticket: act within a working day." },
  alerts: {
    PlimsollBudgetBurn: {
      summary: "The operation burns its budget for errors too fast.",
      means:
        "Callers of the operation get failures, or wait longer than was promised. If it goes on, the objective of 30 days is missed. The label criticality says how important the operation is.",
      act: [
        "Look at the reason. internal and unimplemented are bugs: find the stack in the log by operation and code, and roll the last release back if it began there.",
        "unavailable: a limit refuses, or an upstream or the database is gone. The causes say which; follow the runbook of that cause.",
        "deadline_exceeded and slow: look where the time goes. queued: the operation needs more slots or more processes. database: find the statement. running: the handler computes for too long. upstream: see its breaker.",
        "If callers send more than was planned, raise the number of processes before you raise a limit.",
      ],
    },
    PlimsollDown: {
      summary: "No instance of the app responds to Prometheus.",
      means: "Either no process runs, or Prometheus cannot reach the ops port. Callers may get nothing at all.",
      act: [
        "Look whether processes run, and at the last lines of their log: a start that fails says why and what to do.",
        "If the app responds and Prometheus says it does not, check the address, the token and the network policy of the ops port.",
        "If it began with a release, roll it back.",
      ],
    },
    PlimsollRestarts: {
      summary: "Processes of the app restart again and again.",
      means: "A process that ends takes its running requests with it. Durable work is continued by another.",
      act: [
        "Read the last lines of the log before each end. A kill for memory leaves none: compare the memory with its limit.",
        "If it began with a release, roll it back.",
      ],
    },
    PlimsollServerErrors: {
      summary: "More than 5% of all executions fail by the service.",
      means: "Callers of many operations get 500, 503 or 504.",
      act: [
        "Look at the causes: one that many operations share (the database, overload) explains all of them.",
        "If there is none, look which operation has most of the failures, and follow its reason.",
      ],
    },
    PlimsollBugs: {
      summary: "The operation failed with internal: that is a bug.",
      means: "A handler threw what it does not declare, or its output was not valid. Its caller got 500 without a reason.",
      act: [
        "Find the execution in the log by operation and code internal: the line has the cause and the stack.",
        "If the failure is expected, declare it as a fault of the operation; otherwise fix the bug, with a test that shows it first.",
      ],
    },
    PlimsollOverloaded: {
      summary: "The app refuses requests because it has no capacity for them.",
      means: "Callers get 503 with Retry-After. What is least important is refused first, and what runs is not slowed down.",
      act: [
        "Look which limit refuses. A limit of one operation: its callers send more than it was planned for. The turn of the event loop: the process is full, and needs others beside it.",
        "Add processes. Raise a limit only where the machine, the pool and the database have room for it.",
      ],
    },
    PlimsollQueueSaturated: {
      summary: "Executions of the operation have waited for a slot for 10 minutes.",
      means: "The operation is at its line: callers wait, and the next rise of the load is refused.",
      act: [
        "If most of the time is in the database, more slots make it worse: find the statement first.",
        "If the machine has room, raise the concurrency of the budget; otherwise add processes.",
      ],
    },
    PlimsollSlotsSaturated: {
      summary: "More than 90% of the slots of the operation have been in use for 15 minutes.",
      means: "The operation is near its line. No caller waits yet.",
      act: ["Compare the rate with the plan.", "Raise the concurrency of the budget, or add processes, before the queue fills."],
    },
    PlimsollLoopBlocked: {
      summary: "Handlers block the event loop again and again.",
      means: "While one handler computes, no other request of the process is served, and deadlines pass.",
      act: [
        "The log names the operation that blocked the loop, with the time.",
        "Move long computation to cpu(fn, input), which runs on worker threads, or bound the size of the input.",
      ],
    },
    PlimsollLoopSaturated: {
      summary: "The event loop has run more than a tenth of a second late for 10 minutes.",
      means: "The process has more to do than one processor can. Every operation of it is slower.",
      act: [
        "If the load is higher than planned, add processes.",
        "If it is not, look which operation has most of the running time, and whether a release changed it.",
      ],
    },
    PlimsollDatabaseTimeouts: {
      summary: "Executions miss their deadline in the database.",
      means: "Statements take longer than callers wait. They are cancelled on the server, and nothing was changed.",
      act: [
        "Find the operation with most of the database time, and explain its statements; look for a missing index, a lock, or statistics that are out of date.",
        "Look at the server: long transactions, a running migration, a full disk, a checkpoint.",
      ],
    },
    PlimsollDatabaseUnavailable: {
      summary: "The database does not accept what the app sends.",
      means: "Every operation that needs the database fails. Durable work waits, and continues by itself.",
      act: [
        "Look whether the server runs and whether a primary has moved; the app reconnects by itself.",
        "database_full: the server has no connection left. Compare the pools of all processes with max_connections.",
        "database_read_only: the address leads to a standby.",
      ],
    },
    PlimsollPoolSaturated: {
      summary: "Executions have waited for a database connection for 5 minutes.",
      means: "All connections of the pool are in use. Callers wait, then get 503.",
      act: [
        "Look which operation holds connections longest. A transaction that waits for something else is the usual reason.",
        "Raise the pool only where max_connections has room for all processes together.",
      ],
    },
    PlimsollDeadLetters: {
      summary: "Durable work was given up.",
      means: "A task, an event or a saga failed for good. It is kept, and waits for a person.",
      act: [
        "Read the fault of the dead letter, and fix its cause.",
        "Then retry it on the ops port; work that must not happen any more is discarded there.",
      ],
    },
    PlimsollTaskLag: {
      summary: "Tasks begin more than a minute after they are due.",
      means: "Workers take less than is started. Nothing is lost.",
      act: [
        "Look which queue grows, and whether its tasks became slower.",
        "Add workers, or raise the concurrency of the queue; a queue of its own keeps urgent tasks apart from slow ones.",
      ],
    },
    PlimsollTasksUnserved: {
      summary: "Tasks wait that no worker takes.",
      means: "No process of the fleet serves their queue, or knows the task. They wait for as long as that is so.",
      act: [
        "Look whether processes with the role worker run, and which queues they serve.",
        "After a release: a task that was removed or renamed is still waiting. Bring it back, or discard what waits.",
      ],
    },
    PlimsollSagasSuspended: {
      summary: "Sagas wait for a person.",
      means: "A step failed for good, or the code has changed in a way that does not fit. Nothing more happens to it by itself.",
      act: ["Read the fault and its step.", "Fix the cause, then retry, skip or undo the saga on the ops port."],
    },
    PlimsollRelayLag: {
      summary: "A subscription is more than a minute behind the events.",
      means: "Reactions to events are late. Nothing is lost, and the order of each key is kept.",
      act: [
        "Look whether one key holds a partition up, and whether the handler became slower.",
        "Look whether a long transaction keeps readers of the log back.",
      ],
    },
    PlimsollSubscriptionStopped: {
      summary: "Events of a subscription wait for a person.",
      means: "An event failed for good. Later events of its key wait behind it, or were handled without it.",
      act: ["Read the fault of the event, and fix its cause.", "Then retry or skip it on the ops port."],
    },
    PlimsollProjectionStalled: {
      summary: "A projection stands still although there are events to apply.",
      means: "What reads it sees an old state.",
      act: ["The page says why it stands still.", "Fix the cause; a rebuild fills a new table beside the one that is read."],
    },
    PlimsollAuditBroken: {
      summary: "Records of the audit trail are not as they were written, or were lost.",
      means: "A record was edited, deleted or put elsewhere, or the database did not take the record of a refusal.",
      act: ["Treat it as an incident: keep the database as it is, and find who had access.", "POST /audit/verify names the records."],
    },
    PlimsollCacheStoreFails: {
      summary: "The shared store of cached values fails.",
      means: "Each process loads values by itself. Requests succeed, and the database gets more load.",
      act: ["Look whether Redis runs, and how long it takes.", "Look at its memory, and at the network between."],
    },
    PlimsollRateStoreFails: {
      summary: "The shared store of rates fails.",
      means: "Each process counts rates by itself, or refuses, as withoutStore says.",
      act: ["Look whether Redis runs, and how long it takes.", "Look at its memory, and at the network between."],
    },
    PlimsollUpstreamFails: {
      summary: "A service that the app calls does not respond.",
      means: "Operations that call it fail, or reply with what stands in for it. The breaker sends it only a few requests.",
      act: ["Ask those who run it, and look at their status page.", "The breaker closes by itself once it responds again."],
    },
    PlimsollCertificateEnds: {
      summary: "A certificate ends within two weeks.",
      means: "After that no client connects.",
      act: ["Renew it. The files are read again by themselves when they change.", "Find out why it was not renewed by itself."],
    },
    PlimsollCertificateEndsSoon: {
      summary: "A certificate ends within three days.",
      means: "After that no client connects.",
      act: ["Renew it now. The files are read again by themselves when they change."],
    },
  },
};

const zh: Texts = {
  burns: ({ long, short, burn }) =>
    `{{ $labels.operation }} 的错误预算消耗速度超过允许值的 ${burn} 倍（${long} 内如此，最近 ${short} 仍如此）。`,
  few: (failures, long) => `{{ $labels.operation }} 请求很少，但在 ${long} 内失败了至少 ${failures} 次。`,
  means: "含义",
  look: "查看",
  act: "处理",
  set: "先设置运维端口和 Prometheus 的地址，下面的命令即可原样运行。",
  severity: { page: "紧急：立即处理。", ticket: "工单：一个工作日内处理。" },
  alerts: {
    PlimsollBudgetBurn: {
      summary: "该操作的错误预算消耗过快。",
      means: "调用方遇到失败，或等待时间超过承诺。如果持续下去，30 天的目标将无法达成。标签 criticality 表示操作的重要程度。",
      act: [
        "先看失败原因。internal 和 unimplemented 是缺陷：按操作和错误码在日志中找到堆栈；如果从上次发布开始出现，请回滚。",
        "unavailable：某条上限在拒绝请求，或上游、数据库不可用。起因会指明是哪一个，按其手册处理。",
        "deadline_exceeded 和 slow：看时间花在哪里。queued：需要更多并发名额或进程；database：找出慢语句；running：处理函数计算过久；upstream：查看熔断器。",
        "如果请求量超出规划，先增加进程，再考虑提高上限。",
      ],
    },
    PlimsollDown: {
      summary: "没有任何实例响应 Prometheus。",
      means: "要么没有进程在运行，要么 Prometheus 无法访问运维端口。调用方可能完全得不到响应。",
      act: [
        "确认进程是否在运行，并查看日志末尾：启动失败时会说明原因和处理办法。",
        "如果应用正常而 Prometheus 报告无响应，请检查运维端口的地址、令牌和网络策略。",
        "如果从某次发布开始出现，请回滚。",
      ],
    },
    PlimsollRestarts: {
      summary: "应用进程反复重启。",
      means: "进程退出时，正在处理的请求随之中断。持久任务由其他进程继续。",
      act: ["查看每次退出前的日志。因内存被杀不会留下日志：请比较内存用量与上限。", "如果从某次发布开始出现，请回滚。"],
    },
    PlimsollServerErrors: {
      summary: "超过 5% 的执行因服务原因失败。",
      means: "许多操作的调用方收到 500、503 或 504。",
      act: ["先看起因：多个操作共有的起因（数据库、过载）可以解释全部失败。", "如果没有共同起因，找出失败最多的操作，再看其原因。"],
    },
    PlimsollBugs: {
      summary: "该操作以 internal 失败，属于缺陷。",
      means: "处理函数抛出了未声明的错误，或输出无效。调用方只收到 500，没有原因。",
      act: [
        "按操作和错误码 internal 在日志中查找：该行包含原因和堆栈。",
        "如果失败在预期之内，请声明为该操作的错误；否则先写出重现它的测试，再修复。",
      ],
    },
    PlimsollOverloaded: {
      summary: "应用因容量不足而拒绝请求。",
      means: "调用方收到带 Retry-After 的 503。最不重要的请求先被拒绝，已在运行的请求不受影响。",
      act: [
        "看是哪条上限在拒绝。若是单个操作的上限：请求量超出了它的规划。若是事件循环：进程已满，需要增加进程。",
        "增加进程。只有在机器、连接池和数据库都有余量时才提高上限。",
      ],
    },
    PlimsollQueueSaturated: {
      summary: "该操作的执行已排队等待 10 分钟。",
      means: "该操作已到载重线：调用方在等待，负载再上升就会被拒绝。",
      act: ["如果时间主要花在数据库，增加并发只会更糟：先找出慢语句。", "机器有余量时提高 budget 的 concurrency，否则增加进程。"],
    },
    PlimsollSlotsSaturated: {
      summary: "该操作 90% 以上的并发名额已占用 15 分钟。",
      means: "该操作接近载重线，但尚无调用方等待。",
      act: ["比较实际速率与规划。", "在排队之前提高 budget 的 concurrency，或增加进程。"],
    },
    PlimsollLoopBlocked: {
      summary: "处理函数反复阻塞事件循环。",
      means: "一个处理函数计算期间，该进程的其他请求都得不到处理，截止时间会被错过。",
      act: ["日志会指出阻塞循环的操作和时长。", "把耗时计算移到 cpu(fn, input)（在工作线程中运行），或限制输入大小。"],
    },
    PlimsollLoopSaturated: {
      summary: "事件循环延迟超过 0.1 秒，已持续 10 分钟。",
      means: "进程的工作量超过一个处理器的能力，所有操作都会变慢。",
      act: ["如果负载高于规划，请增加进程。", "否则找出占用运行时间最多的操作，并查看是否由某次发布引起。"],
    },
    PlimsollDatabaseTimeouts: {
      summary: "执行因数据库耗时而超过截止时间。",
      means: "语句耗时超过调用方的等待时间。语句已在服务器上取消，没有产生更改。",
      act: [
        "找出数据库时间最多的操作并分析其语句：缺少索引、锁等待或统计信息过期。",
        "检查服务器：长事务、正在运行的迁移、磁盘已满、检查点。",
      ],
    },
    PlimsollDatabaseUnavailable: {
      summary: "数据库不接受应用的请求。",
      means: "所有需要数据库的操作都会失败。持久任务会等待，之后自动继续。",
      act: [
        "确认服务器是否运行、主库是否切换；应用会自动重连。",
        "database_full：服务器没有剩余连接。请把所有进程的连接池之和与 max_connections 比较。",
        "database_read_only：地址指向了备库。",
      ],
    },
    PlimsollPoolSaturated: {
      summary: "执行等待数据库连接已达 5 分钟。",
      means: "连接池中的连接全部被占用。调用方先等待，随后收到 503。",
      act: ["找出占用连接最久的操作，通常是事务在等待别的东西。", "只有在 max_connections 足够所有进程使用时才增大连接池。"],
    },
    PlimsollDeadLetters: {
      summary: "有持久任务被放弃。",
      means: "任务、事件或 saga 最终失败，已被保留，等待人工处理。",
      act: ["查看死信的错误并修复起因。", "然后在运维端口重试；不再需要的任务可在那里丢弃。"],
    },
    PlimsollTaskLag: {
      summary: "任务到期一分钟后才开始。",
      means: "工作进程的处理速度低于任务产生的速度。任务不会丢失。",
      act: ["看哪个队列在增长，其任务是否变慢。", "增加工作进程，或提高队列的 concurrency；为紧急任务单独设置队列。"],
    },
    PlimsollTasksUnserved: {
      summary: "有任务在等待，但没有工作进程处理。",
      means: "没有进程服务其队列，或没有进程认识该任务。任务会一直等待。",
      act: [
        "确认带有 worker 角色的进程在运行，以及它们服务哪些队列。",
        "发布之后：被删除或改名的任务仍在等待。请恢复该任务，或丢弃等待中的任务。",
      ],
    },
    PlimsollSagasSuspended: {
      summary: "有 saga 等待人工处理。",
      means: "某一步最终失败，或代码变更与记录不符。它不会自动继续。",
      act: ["查看错误及所在步骤。", "修复起因后，在运维端口重试、跳过或撤销。"],
    },
    PlimsollRelayLag: {
      summary: "订阅落后事件一分钟以上。",
      means: "对事件的处理延迟。事件不会丢失，每个键的顺序保持不变。",
      act: ["看是否有某个键阻塞了分区，处理函数是否变慢。", "看是否有长事务挡住了日志的读取。"],
    },
    PlimsollSubscriptionStopped: {
      summary: "订阅中有事件等待人工处理。",
      means: "某个事件最终失败。同一键的后续事件在其后等待，或已跳过它继续处理。",
      act: ["查看事件的错误并修复起因。", "然后在运维端口重试或跳过。"],
    },
    PlimsollProjectionStalled: {
      summary: "投影有事件待应用，但已停住。",
      means: "读取它的操作看到的是旧状态。",
      act: ["页面会说明停住的原因。", "修复起因；重建会在旁边填充一张新表，不影响正在读取的表。"],
    },
    PlimsollAuditBroken: {
      summary: "审计记录与写入时不一致，或有记录丢失。",
      means: "记录被修改、删除或移动，或数据库没有接受某次拒绝的记录。",
      act: ["按安全事件处理：保留数据库现状，查明谁有访问权限。", "POST /audit/verify 会列出有问题的记录。"],
    },
    PlimsollCacheStoreFails: {
      summary: "共享缓存存储出错。",
      means: "每个进程自行加载数据。请求仍会成功，但数据库负载上升。",
      act: ["确认 Redis 是否运行、响应是否缓慢。", "检查其内存以及中间的网络。"],
    },
    PlimsollRateStoreFails: {
      summary: "共享限流存储出错。",
      means: "每个进程自行计数，或按 withoutStore 的设置拒绝请求。",
      act: ["确认 Redis 是否运行、响应是否缓慢。", "检查其内存以及中间的网络。"],
    },
    PlimsollUpstreamFails: {
      summary: "应用调用的某个服务没有响应。",
      means: "调用它的操作会失败，或返回替代结果。熔断器只放行少量请求。",
      act: ["联系该服务的维护方，查看其状态页。", "服务恢复后熔断器会自动关闭。"],
    },
    PlimsollCertificateEnds: {
      summary: "有证书将在两周内到期。",
      means: "到期后客户端无法连接。",
      act: ["请续期。文件变化后会自动重新读取。", "查明为何没有自动续期。"],
    },
    PlimsollCertificateEndsSoon: {
      summary: "有证书将在三天内到期。",
      means: "到期后客户端无法连接。",
      act: ["立即续期。文件变化后会自动重新读取。"],
    },
  },
};

/** The texts of alerts and runbooks in both languages. */
export const texts: Both<Texts> = { en, zh };
