// The front door: what an application imports from "plimsoll". Edges have doors of their own.
import "./core/node/version.ts";

export { type App, type AppSpec, createApp } from "./app/app.ts";
export type { DirectCall } from "./app/direct-call.ts";
export { exitOnFault, supervise } from "./app/supervisor.ts";
export type { Surface } from "./app/surface.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export type { Code } from "./core/code.ts";
export { type Config, type ConfigChanged, type ConfigRefused, config, field } from "./core/config.ts";
export { cpu, cpuFunction } from "./core/cpu.ts";
export type { Duration } from "./core/duration.ts";
export { type Fault, type FaultClass, fail, fault } from "./core/fault.ts";
export { adaptSchema, type Input, type Output, type Schema, secret } from "./core/schema.ts";
export { Signal } from "./core/signals.ts";
export { type Access, role, rule, signedIn } from "./operation/access.ts";
export { action } from "./operation/action.ts";
export { type Actor, anonymous, claim, none, type Tenancy } from "./operation/actor.ts";
export { command } from "./operation/command.ts";
export type { Budget } from "./operation/contract.ts";
export type { Execution } from "./operation/execution.ts";
export { type Implementation, implement } from "./operation/implement.ts";
export { type Module, module } from "./operation/module.ts";
export { query } from "./operation/query.ts";
export { override, type Resource, resource } from "./operation/resource.ts";
export type { ActionScope, Page, PageSpec, ReadScope, WriteScope } from "./operation/scope.ts";
export { type Sql, type SqlStatement, sqlFragment } from "./operation/sql.ts";
export { discard, type Started, type StartOptions, snooze, type Task, type TaskScope, task } from "./operation/task.ts";
export { type Backoff, constant, exponential } from "./resilience/backoff.ts";
