import type { Both } from "../language.ts";
import { perSecond } from "../quantities/quantity.ts";
import type { Requirements } from "../reading/read-requirements.ts";
import type { Choice } from "./design.ts";
import { figure, type Load, type Scale } from "./load.ts";

const both = (en: string, zh: string): Both<string> => ({ en, zh });
const choice = (name: string, knowledge: string, because: Both<string>): Choice => ({ name, because, knowledge });

/** What is asked of the choices. */
export interface ChoiceInput {
  readonly requirements: Requirements;
  readonly load: Load;
  readonly now: Scale;
}

/** Chooses the stack: each part with its reason. */
export function stackOf({ requirements, load, now }: ChoiceInput): readonly Choice[] {
  const has = (name: string): boolean => requirements.concerns.some((concern) => concern.name === name);
  return [
    choice(
      "PostgreSQL",
      "postgres-record",
      both("State, events, tasks and idempotency records commit together.", "状态、事件、任务与幂等记录一起提交。"),
    ),
    choice(
      "Node.js 24, Plimsoll",
      "node-loop",
      both(
        `${figure(load.peak)} requests a second at peak need ${now.replicas} processes.`,
        `峰值每秒 ${figure(load.peak)} 个请求需要 ${now.replicas} 个进程。`,
      ),
    ),
    ...(has("search")
      ? [
          choice(
            "PostgreSQL full text search",
            "postgres-search",
            both("Search stays in the transaction and the access rules of the data.", "检索与数据共用事务和访问规则。"),
          ),
        ]
      : []),
    ...(has("events") || has("notifications") || has("webhooks")
      ? [
          choice(
            "Outbox and tasks in PostgreSQL",
            "outbox",
            both(
              "What follows a change is written with the change, and runs at least once.",
              "变更的后续动作与变更一同写入，至少执行一次。",
            ),
          ),
        ]
      : []),
    ...(has("workflow") || has("payments")
      ? [choice("Sagas", "outbox", both("Steps across services are undone when one fails.", "跨服务的步骤失败时逐步撤销。"))]
      : []),
  ];
}

/** What is left out, and why: until a number says otherwise, each part more is one that fails. */
export function refusalsOf({ requirements, load, now }: ChoiceInput): readonly Choice[] {
  const events = requirements.needs.filter(
    ({ quantity }) => quantity.measure === "rate" && /event|message|record/.test(quantity.subject ?? ""),
  );
  const rate = Math.max(load.mean, ...events.map(({ quantity }) => perSecond(quantity)));
  const refused: Choice[] = [];
  if (rate < 5_000)
    refused.push(
      choice(
        "Kafka",
        "kafka-scale",
        both(`No Kafka: ${figure(rate)} events a second need none.`, `不用 Kafka：每秒 ${figure(rate)} 个事件用不着。`),
      ),
    );
  if (now.replicas <= 20) {
    refused.push(
      choice(
        "Microservices",
        "modules",
        both(
          `No separate services: ${now.replicas} equal processes carry the load, and modules keep the boundaries.`,
          `不拆微服务：${now.replicas} 个相同进程即可承载，模块已划清边界。`,
        ),
      ),
    );
    refused.push(
      choice(
        "Redis",
        "postgres-record",
        both("No Redis: nothing here needs state that is shared and may be lost.", "不用 Redis：这里没有需要共享且允许丢失的状态。"),
      ),
    );
  }
  if (requirements.concerns.some(({ name }) => name === "search"))
    refused.push(
      choice(
        "Elasticsearch",
        "postgres-search",
        both("No Elasticsearch: a second copy of the data is a second truth.", "不用 Elasticsearch：第二份数据就是第二个真相。"),
      ),
    );
  return refused;
}

/** How each invariant is kept. */
export function consistencyOf({ requirements }: ChoiceInput): readonly Choice[] {
  const rules: Choice[] = requirements.entities.slice(0, 20).map(({ name, fields }) => {
    const money = fields.some((field) => /amount|price|balance|total|stock|quantity|cents/.test(field));
    return money
      ? choice(
          name,
          "idempotency",
          both(
            "One command changes it in one transaction, with an idempotency key; a check constraint keeps its amounts from falling below zero.",
            "由一个命令在一个事务中修改，带幂等键；检查约束保证数额不为负。",
          ),
        )
      : choice(
          name,
          "postgres-record",
          both(
            "One module owns it and changes it in one transaction; others read it through a contract.",
            "由一个模块拥有并在一个事务中修改；其他模块通过契约读取。",
          ),
        );
  });
  if (requirements.concerns.some(({ name }) => name === "payments"))
    rules.push(
      choice(
        "Payments",
        "idempotency",
        both(
          "A key that comes from the order makes a charge that is sent twice happen once.",
          "由订单派生的幂等键使重复发起的扣款只发生一次。",
        ),
      ),
    );
  if (requirements.concerns.some(({ name }) => name === "tenancy"))
    rules.push(
      choice(
        "Tenants",
        "postgres-record",
        both("Row-level security: every table has the tenant in its keys.", "行级安全：每张表的键都包含租户。"),
      ),
    );
  return rules;
}
