import { createHash } from "node:crypto";
import { leaseMs, renewMs } from "../resilience/leases/lease-store.ts";

/**
 * The rules of `src/resilience/leases/rules.ts` as the server runs them, by the server's clock. A key is a hash: `f`, when its bucket is full again, and a field
 * for each member with its demand and when it renewed last. Numbers are texts of 17 digits, so that none loses a digit on the way.
 * *Arguments*: `take`, rate and burst; `refund`, rate; `exchange`, the member, and for each key rate, burst, what it wants, its demand, and 1 where it holds a
 * lease. *Bounds*: a key expires a second after its bucket is full and its leases have lapsed.
 */
export const rateScript: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local lease, renew = ${leaseMs}, ${renewMs}
local function text(number) return string.format('%.17g', number) end
local function depthOf(rate, burst) return math.max(burst * 1000 / rate, renew) end
local function keep(key, full)
  redis.call('HSET', key, 'f', text(full))
  redis.call('PEXPIRE', key, math.ceil(math.max(full - now, lease)) + 1000)
end

if ARGV[1] == 'take' then
  local rate, burst = tonumber(ARGV[2]), tonumber(ARGV[3])
  local interval = 1000 / rate
  local full = tonumber(redis.call('HGET', KEYS[1], 'f') or now)
  local most = now + depthOf(rate, burst)
  if full > most then
    full = most
    keep(KEYS[1], full)
  end
  local following = math.max(full, now) + interval
  local wait = following - now - burst * interval
  if wait > interval / 1000 then return text(wait) end
  keep(KEYS[1], following)
  return '0'
end

if ARGV[1] == 'refund' then
  local full = redis.call('HGET', KEYS[1], 'f')
  if full then keep(KEYS[1], tonumber(full) - 1000 / tonumber(ARGV[2])) end
  return '0'
end

local member = ARGV[2]
local function grant(key, rate, burst, want, demand, held)
  local interval, depth = 1000 / rate, depthOf(rate, burst)
  local full, since, rows, gone = nil, renew, {}, {}
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    if fields[i] == 'f' then
      full = tonumber(fields[i + 1])
    else
      local id, asked, at = fields[i], string.match(fields[i + 1], '^(%S+) (%S+)$')
      asked, at = tonumber(asked), tonumber(at)
      if at + lease < now or at > now then
        gone[#gone + 1] = id
      elseif id == member then
        since = math.min(lease, now - at)
      else
        rows[#rows + 1] = { id = id, demand = asked }
      end
    end
  end
  if full == nil then full = held and now + depth - renew or now end
  full = math.min(math.max(full, now), now + depth)
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  if demand == 0 then
    redis.call('HDEL', key, member)
    keep(key, math.max(now, full + math.min(0, want) * interval))
    return '0', '0', #rows, '0'
  end
  redis.call('HSET', key, member, text(demand) .. ' ' .. text(now))
  rows[#rows + 1] = { id = member, demand = demand }
  table.sort(rows, function(a, b) return a.demand < b.demand end)
  local rest, total, own, others = rate, 0, 0, 0
  for i, row in ipairs(rows) do
    local share = math.min(row.demand, rest / (#rows - i + 1))
    rest, total = rest - share, total + row.demand
    if row.id == member then own = share else others = others + share * renew / 1000 end
  end
  local share = own + rest / #rows
  local left = (now + depth - full) / interval
  local fair = share * since / 1000
  local granted = want
  if want >= 0 then granted = math.min(want, left, fair + math.max(0, left - fair - others) / #rows) end
  keep(key, math.max(now, full + granted * interval))
  return text(math.max(0, granted)), text(share), #rows, total >= rate * 0.95 and '1' or '0'
end

local answers = {}
for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * 5
  local credits, share, members, crowded =
    grant(key, tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4]), ARGV[at + 5] == '1')
  answers[#answers + 1] = credits
  answers[#answers + 1] = share
  answers[#answers + 1] = tostring(members)
  answers[#answers + 1] = crowded
end
return answers
`;

/** By which the server knows the script. */
export const rateScriptSha: string = createHash("sha1").update(rateScript).digest("hex");
