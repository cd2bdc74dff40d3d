/**
 * Values with the marks of their loads and of the invalidations of their tags. A mark is a time of the server in microseconds, and none is below an earlier one.
 * A value counts where the last invalidation of each of its tags is before its load; a tag that is not there may have been, and does not count.
 */
const marks = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local function text(number) return string.format('%.0f', number) end
`;

/** *Keys*: the last invalidation, the value. *Arguments*: what the keys of tags begin with. Returns the mark of now, and the value where it counts. */
export const readScript: string = `${marks}
local mark = text(math.max(now, last + 1))
local fields = redis.call('HMGET', KEYS[2], 'mark', 'tags', 'json', 'head', 'load')
if not fields[1] then return { mark } end
for tag in string.gmatch(fields[2], '[^\\n]+') do
  local invalidated = redis.call('GET', ARGV[1] .. tag)
  if not invalidated or tonumber(invalidated) >= tonumber(fields[1]) then return { mark } end
end
return { mark, fields[1], fields[2], fields[3], fields[4], fields[5] }
`;

/** *Keys*: the last invalidation, the value, the tags. *Arguments*: mark, tags, value, head and duration of the load; how long it is kept, in milliseconds. A newer value stays. */
export const writeScript: string = `${marks}
for i = 3, #KEYS do
  redis.call('SET', KEYS[i], text(last), 'NX', 'PX', ARGV[6])
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[6]) then redis.call('PEXPIRE', KEYS[i], ARGV[6]) end
end
if tonumber(redis.call('HGET', KEYS[2], 'mark') or '0') > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[2], 'mark', ARGV[1], 'tags', ARGV[2], 'json', ARGV[3], 'head', ARGV[4], 'load', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return 1
`;

/** *Keys*: the last invalidation, the tags. *Arguments*: the channel, what is published there, or nothing. */
export const invalidateScript: string = `${marks}
local mark = text(math.max(now, last + 1))
redis.call('SET', KEYS[1], mark, 'PX', 864000000)
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then redis.call('SET', KEYS[i], mark, 'KEEPTTL') end
end
if ARGV[2] ~= '' then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return 1
`;
