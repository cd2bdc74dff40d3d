import assert from "node:assert";
import { type Clock, systemClock } from "../../core/clock.ts";
import { type Duration, toMs } from "../../core/duration.ts";
import { limits } from "../../core/limits.ts";
import type { issue } from "../../operation/authentication/place.ts";
import type { ReadScope, WriteScope } from "../../operation/scope.ts";
import { isName } from "../claims.ts";
import { hashOf, isToken, newToken } from "../random-token.ts";

/** Options of {@link oneTimeTokens}. */
export interface OneTimeTokensOptions {
  /** How long a token is good. *Default*: 1 h. *Bounds*: 1 min to `limits.oneTimeTokenMs`. */
  readonly lifetime?: Duration;
  /** How many tokens a subject has at once; the next one ends the oldest. *Default*: 1. *Bounds*: 1 to `limits.oneTimeTokensPerSubject`. */
  readonly open?: number;
  readonly clock?: Clock;
}

/** For whom a token was issued, and what was kept with it. */
export interface TokenHolder {
  /** The id of a user, or an address of one who is invited. *Bounds*: 1 to 255 characters without control characters. */
  readonly subject: string;
  /** What must not change between the issue and the use, such as the new address that is to be verified. *Default*: `{}`. *Bounds*: `limits.oneTimeTokenDataBytes` as JSON. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What reading a token needs of the scope of a query or a command. */
export type ReadingTokenScope = Pick<ReadScope, "sql" | "tenant">;
/** What issuing and using tokens needs of the scope of a command. */
export type TokenScope = Pick<WriteScope, "sql" | "tenant" | typeof issue>;

/** Tokens that are good once, for one purpose. Each function runs in the transaction of the scope. */
export interface OneTimeTokens {
  /**
   * Issues a token for the tenant of the scope, and ends the earlier ones of the same subject. Send it to the user, and keep it nowhere.
   * *Guarantees*: 256 random bits, of which the database keeps the hash alone. If the transaction is undone, there is no token.
   * @example const token = await resets.issue(scope, { subject: user.id });
   */
  issue(scope: TokenScope, holder: TokenHolder): Promise<string>;
  /**
   * Returns for whom a token is, without using it; undefined if it is not good. Ask it before work that takes long, such as hashing a new password.
   * @example const holder = await resets.find(scope, token);
   */
  find(scope: ReadingTokenScope, token: string): Promise<Required<TokenHolder> | undefined>;
  /**
   * Uses a token, and returns for whom it is; undefined if it was used, has expired or was ended, or is of another purpose or tenant.
   * *Guarantees*: of several transactions that use a token, one commits with it. One that is undone has not used it.
   * @example const holder = (await resets.redeem(scope, token)) ?? fail(LinkNotValid, {});
   */
  redeem(scope: TokenScope, token: string): Promise<Required<TokenHolder> | undefined>;
  /**
   * Ends all tokens of a subject, and returns how many there were.
   * @example await resets.endAllOf(scope, user.id);
   */
  endAllOf(scope: TokenScope, subject: string): Promise<number>;
}

const shortestMs = 60_000;

/**
 * Declares tokens that are good once: for links that verify an address, reset a password or invite a user. `purpose` names what they are good for; a token of
 * another purpose is refused. The app needs a database, which keeps the hashes in `plimsoll.one_time_tokens`.
 * @example export const resets = oneTimeTokens("identity.reset-password", { lifetime: "30m" });
 */
export function oneTimeTokens(purpose: string, options: OneTimeTokensOptions = {}): OneTimeTokens {
  const { lifetimeMs, open, clock } = read(purpose, options);
  return {
    async issue({ sql, tenant = null }, { subject, data = {} }) {
      assert(isName(subject), `${purpose}.issue({ subject }) is a text of 1 to 255 characters without control characters.`);
      const text = JSON.stringify(data);
      const { oneTimeTokenDataBytes: most } = limits;
      assert(
        Buffer.byteLength(text) <= most,
        `${purpose}.issue({ data }) takes at most ${most} bytes as JSON. Keep the rest in a table, by the subject.`,
      );
      const token = newToken(clock);
      await sql`select plimsoll.issue_one_time_token(
        ${hashOf(token)}::bytea, ${purpose}, ${tenant}, ${subject}, ${text}::jsonb, ${lifetimeMs}, ${open})`.run();
      return token;
    },
    async find({ sql, tenant = null }, token) {
      if (!isToken(token)) return undefined;
      return holderOf(
        await sql<HolderRow>`select subject, data from plimsoll.find_one_time_token(${hashOf(token)}::bytea, ${purpose}, ${tenant})`.maybe(),
      );
    },
    async redeem({ sql, tenant = null }, token) {
      if (!isToken(token)) return undefined;
      return holderOf(
        await sql<HolderRow>`select subject, data from plimsoll.redeem_one_time_token(${hashOf(token)}::bytea, ${purpose}, ${tenant})`.maybe(),
      );
    },
    async endAllOf({ sql, tenant = null }, subject) {
      const { ended } = await sql<{
        readonly ended: number;
      }>`select plimsoll.end_one_time_tokens(${purpose}, ${tenant}, ${subject}) as ended`.one();
      return ended;
    },
  };
}

interface HolderRow {
  readonly subject: string;
  readonly data: string;
}

function holderOf(row: HolderRow | undefined): Required<TokenHolder> | undefined {
  return row && { subject: row.subject, data: JSON.parse(row.data) };
}

function read(purpose: string, { lifetime = "1h", open = 1, clock = systemClock }: OneTimeTokensOptions) {
  const lifetimeMs = toMs(lifetime);
  assert(isName(purpose), "oneTimeTokens(purpose) needs a name of 1 to 255 characters without control characters.");
  assert(
    lifetimeMs >= shortestMs && lifetimeMs <= limits.oneTimeTokenMs,
    `oneTimeTokens("${purpose}", { lifetime }) is ${lifetimeMs} ms. Write "1m" to "30d": a link that is found later must not open anything.`,
  );
  assert(
    Number.isInteger(open) && open >= 1 && open <= limits.oneTimeTokensPerSubject,
    `oneTimeTokens("${purpose}", { open }) is ${open}. Write 1 to ${limits.oneTimeTokensPerSubject}.`,
  );
  return { lifetimeMs, open, clock };
}
