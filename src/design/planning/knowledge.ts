import type { Both } from "../language.ts";

/** Is what a choice rests on: a fact or an assumption with its source and the day on which it was read. */
export interface Knowledge {
  readonly id: string;
  readonly read: string;
  readonly says: Both<string>;
  readonly source: string;
}

const entry = (id: string, source: string, says: Both<string>): Knowledge => ({ id, read: "2026-11-29", says, source });

/** The knowledge base of the command. Every choice of a design names an entry. */
export const knowledge: readonly Knowledge[] = [
  entry("little", "J. Little, A Proof for the Queuing Formula L = λW, Operations Research 9 (1961)", {
    en: "Work in progress is arrival rate times the time each takes.",
    zh: "在途数量等于到达率乘以每个的耗时。",
  }),
  entry("postgres-record", "docs/decisions of Plimsoll; PostgreSQL manual, chapter 13", {
    en: "PostgreSQL is the one system of record: state, events, tasks and idempotency commit in one transaction.",
    zh: "PostgreSQL 是唯一的记录系统：状态、事件、任务与幂等记录在同一事务中提交。",
  }),
  entry("postgres-connections", "PostgreSQL manual, max_connections (default 100)", {
    en: "A server accepts 100 connections by default.",
    zh: "服务器默认接受 100 个连接。",
  }),
  entry("postgres-search", "PostgreSQL manual, chapter 12 (full text search), pg_trgm", {
    en: "PostgreSQL searches text with an index in the same transaction.",
    zh: "PostgreSQL 可用索引在同一事务中做全文检索。",
  }),
  entry("node-loop", "Node.js manual, The event loop", {
    en: "One process of Node.js runs JavaScript on one core.",
    zh: "一个 Node.js 进程在一个核上执行 JavaScript。",
  }),
  entry("outbox", "C. Richardson, Microservices Patterns (2018), Transactional outbox", {
    en: "An event that is written in the transaction of the state is neither lost nor invented.",
    zh: "与状态在同一事务写入的事件不会丢失，也不会凭空产生。",
  }),
  entry("idempotency", "IETF draft-ietf-httpapi-idempotency-key-header", {
    en: "A key makes a retried request have one effect.",
    zh: "幂等键使重试的请求只生效一次。",
  }),
  entry("modules", "M. Fowler, MonolithFirst (2015)", {
    en: "Boundaries are cheap to move inside one deployment and costly between services.",
    zh: "边界在同一部署内移动代价低，在服务之间移动代价高。",
  }),
  entry("sre-availability", "Google, Site Reliability Engineering (2016), Availability table", {
    en: "99.9% allows 43 minutes of downtime in 30 days, 99.99% four, 99.999% 26 seconds.",
    zh: "30 天内 99.9% 允许停机 43 分钟，99.99% 允许 4 分钟，99.999% 允许 26 秒。",
  }),
  entry("assumed-demands", "assumed; plimsoll load --calibrate measures it", {
    en: "Until it is measured: 2 ms of event loop, 1 ms of PostgreSQL CPU and 5 ms of a connection a request.",
    zh: "测量之前假定：每个请求占用事件循环 2 ms、PostgreSQL CPU 1 ms、连接 5 ms。",
  }),
  entry("kafka-scale", "Apache Kafka documentation, Use cases", {
    en: "A log of its own pays at many thousands of events a second or many independent teams.",
    zh: "每秒数千以上事件，或有许多独立团队时，独立的日志系统才划算。",
  }),
];
