import assert from "node:assert";
import { createHash } from "node:crypto";
import { parseDuration } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import type { CompiledSchema } from "../../core/schema.ts";
import type { CachePer, CacheSpec } from "../../operation/cache/spec.ts";
import type { Operation } from "../../operation/contract.ts";
import { traitsOf } from "../../operation/kind.ts";
import type { Report } from "../registry/problem.ts";

const longestTtlMs = 86_400_000;
const longestStaleMs = 604_800_000;
const pers: readonly unknown[] = ["actor", "tenant", "public"];
const tagForm = /^[^\p{Cc}]+$/u;

/** The cache of one query, worked out at start. */
export interface CompiledCache {
  readonly ttlMs: number;
  readonly staleMs: number;
  readonly per: CachePer;
  /** Whether callers get values that were loaded for others: then the handler has no actor. */
  readonly shared: boolean;
  /** Stands for the form of the output: a process of another version may have another. */
  readonly form: string;
  /** Returns the tags of a value; undefined where they are too many. */
  tagsOf(input: unknown, output: unknown): readonly string[] | undefined;
}

/** Works the cache of an operation out, and reports what is wrong with it. */
export function compileCache(operation: Operation, output: CompiledSchema, report: Report): CompiledCache | undefined {
  const { name, kind, spec } = operation;
  const { cache } = spec;
  if (cache === undefined) return undefined;
  const problem = (field: string, message: string) => report(name, field, message);
  if (!traitsOf(operation).cached)
    problem("cache", `The output of a ${kind} is not kept, because a ${kind} may change something. Cache the query that it calls.`);
  const { ttl, staleFor = 0, per = "actor", tags = [] } = cache;
  const ttlMs = parseDuration(ttl);
  if (ttlMs === undefined || ttlMs < 1 || ttlMs > longestTtlMs)
    problem("cache.ttl", `"${ttl}" is not a duration from 1ms to 1d. Write one, as in "30s".`);
  const staleMs = parseDuration(staleFor);
  if (staleMs === undefined || staleMs < 0 || staleMs > longestStaleMs)
    problem("cache.staleFor", `"${staleFor}" is not a duration up to 7d. Write one, as in "10m", or leave it out.`);
  if (typeof tags !== "function" && !(Array.isArray(tags) && tags.every(isTag))) problem("cache.tags", notTags);
  checkPer(operation, per, problem);
  if (output.hasSecrets)
    problem("output", "It has a secret, and the cache would keep it unencrypted. Leave the secret out of the output, or remove cache.");
  return { ttlMs: ttlMs ?? 1, staleMs: staleMs ?? 0, per, shared: per !== "actor", form: formOf(output), tagsOf: makeTagsOf(name, tags) };
}

function formOf({ outputJson }: CompiledSchema): string {
  return createHash("sha256").update(JSON.stringify(outputJson)).digest("base64url").slice(0, 12);
}

/** What could give a value to a caller who may not have it, as far as the declaration shows it. */
function checkPer({ spec }: Operation, per: CachePer, problem: (field: string, message: string) => void): void {
  if (!pers.includes(per)) problem("cache.per", `Values cannot be kept per "${per}". Write "actor", "tenant" or "public".`);
  if (spec.owns !== undefined && per !== "actor")
    problem(
      "cache.per",
      `Its access depends on the actor, because it has owns, and per "${per}" would give the values of one caller to others. Write "actor".`,
    );
  else if (per === "public" && spec.access !== "public")
    problem("cache.per", 'Its access is not "public", so its values are not for every caller. Write "tenant" or "actor".');
}

const notTags = `Tags are texts of 1 to ${limits.cacheTagChars} characters without control characters. Write them, or a function that returns them.`;

/** Returns whether a value is a tag. */
export function isTag(tag: unknown): tag is string {
  return typeof tag === "string" && tag.length <= limits.cacheTagChars && tagForm.test(tag);
}

function makeTagsOf(name: string, tags: NonNullable<CacheSpec<never, never>["tags"]>): CompiledCache["tagsOf"] {
  if (typeof tags !== "function") return () => (tags.length <= limits.cacheTags ? tags : undefined);
  return (input, output) => {
    const made: unknown = tags(input as never, output as never);
    assert(Array.isArray(made) && made.every(isTag), `The tags of ${name} are not right. ${notTags}`);
    return made.length <= limits.cacheTags ? [...new Set<string>(made)] : undefined;
  };
}
