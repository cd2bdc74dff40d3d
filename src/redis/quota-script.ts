import { createHash } from "node:crypto";

/**
 * The rules of `src/resilience/leases/quota-rules.ts` as the server runs them, by the server's clock. A key is a hash: `l` and `w`, limit and length of a window;
 * `r` and `t`, what is left until when; `b`, until when not to call.
 * *Arguments*: for each key what is wanted, what is owed, and limit, window, remaining, reset and retry of the lesson, each an empty text where it was not said.
 * *Bounds*: a key expires a second after its block and its next window.
 */
export const quotaScript: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local longest = 86400000
local function text(number) return string.format('%.17g', number) end
local function settle(key, want, owed, limit, window, remaining, reset, retry)
  local q = {}
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do q[fields[i]] = tonumber(fields[i + 1]) end
  if #fields == 0 and not (limit or window or remaining or retry) then return { '0', '0', '0', '0', '0', '0', '0' } end
  if q.t and now >= q.t then
    if q.l and q.w then q.r, q.t = q.l, now + q.w else q.r, q.t = nil, nil end
  end
  if limit and limit > 0 then q.l = limit end
  if window and window > 0 then q.w = math.min(window, longest) end
  if retry then q.b = math.max(q.b or 0, now + math.min(retry, longest)) end
  if remaining and reset then
    local at = now + math.min(reset, longest)
    if q.t and math.abs(at - q.t) < 1000 then
      q.r, q.t = math.min(q.r, remaining), math.max(q.t, at)
    else
      q.r, q.t = remaining, at
    end
  end
  local credits = 0
  if q.r then
    q.r = math.max(0, q.r - owed)
    if want < 0 then q.r = math.max(q.r, math.min(q.l or math.huge, q.r - want)) end
    credits = math.max(0, math.min(want, math.floor(q.r)))
    q.r = q.r - credits
  end
  local blocked = math.max(0, (q.b or 0) - now)
  redis.call('DEL', key)
  for name, value in pairs(q) do redis.call('HSET', key, name, text(value)) end
  redis.call('PEXPIRE', key, math.ceil(math.max(blocked, (q.t or now) + (q.w or 0) - now)) + 1000)
  return { q.r and '1' or '0', text(credits), text(q.r or 0), text(q.t and q.t - now or 0), text(blocked), text(q.l or 0), text(q.w or 0) }
end

local answers = {}
for i, key in ipairs(KEYS) do
  local at = (i - 1) * 7
  local numbers = {}
  for n = 1, 7 do numbers[n] = tonumber(ARGV[at + n]) end
  local grant = settle(key, numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6], numbers[7])
  for _, value in ipairs(grant) do answers[#answers + 1] = value end
end
return answers
`;

/** By which the server knows the script. */
export const quotaScriptSha: string = createHash("sha1").update(quotaScript).digest("hex");
