import { script } from './script.js'

/*
 * KEYS[1] belongs to the user, since ServiceChannel counts logins per user: who may log in at the moment (`by`, until
 * `till`, under the number `fence`), and from when on (`notBefore`). KEYS[2] belongs to the login: the sealed token with
 * its number, life and end, or the sealed failure and how long it keeps everybody from trying. The clock is the server's.
 */

const clock = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`

/**
 * A token that is newer than the one the replica has `seen`, or a failure that still counts, or the lease to log in, or
 * when to ask again.
 */
export const askScript = script(`${clock}
local user, login = KEYS[1], KEYS[2]
local me, seen, mayLogin, clear = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease, spacing = tonumber(ARGV[5]), tonumber(ARGV[6])
if clear == '1' then redis.call('HDEL', login, 'failure', 'until') end

local kept = redis.call('HMGET', login, 'token', 'number', 'life', 'ends', 'failure', 'until')
if kept[1] and kept[2] ~= seen then
  local life, left = tonumber(kept[3]), tonumber(kept[4]) - now
  if left > math.min(60000, life * 0.2) then return { 'token', kept[1], kept[2], life, left } end
end
if kept[5] then
  local left = tonumber(kept[6]) - now
  if left > 0 then return { 'failure', kept[5], left } end
end
if mayLogin ~= '1' then return { 'wait', 0 } end

local held = redis.call('HMGET', user, 'by', 'till', 'notBefore')
local notBefore = tonumber(held[3]) or 0
if held[1] and held[1] ~= me then
  local till = tonumber(held[2])
  if till > now then return { 'wait', till - now } end
  -- It fell silent: it may have asked the login server until its lease ran out.
  notBefore = math.max(notBefore, till + spacing)
end
local fence = redis.call('HINCRBY', user, 'fence', 1)
redis.call('HSET', user, 'by', me, 'till', now + lease, 'notBefore', notBefore)
redis.call('PEXPIRE', user, 86400000)
return { 'lease', fence, math.max(0, notBefore - now) }
`)

/** The lease goes on for a login that takes long; 0 when it is somebody else's by now. */
export const extendScript = script(`${clock}
local held = redis.call('HMGET', KEYS[1], 'by', 'fence')
if held[1] ~= ARGV[1] or held[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'till', now + tonumber(ARGV[3]))
return 1
`)

/**
 * What came of it, and the end of the lease. Of whoever has lost that nothing is taken but that the login server was
 * asked just now. A failure that lasts (-1) is kept as long as a session can be.
 */
export const settleScript = script(`${clock}
local user, login = KEYS[1], KEYS[2]
local me, fence, restMs = ARGV[1], ARGV[2], tonumber(ARGV[3])
local kind, sealed, life, left = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local held = redis.call('HMGET', user, 'by', 'fence', 'notBefore')
redis.call('HSET', user, 'notBefore', math.max(tonumber(held[3]) or 0, now + restMs))
redis.call('PEXPIRE', user, 86400000)
if held[1] ~= me or held[2] ~= fence then return 0 end
redis.call('HDEL', user, 'by', 'till')
if kind == 'token' then
  redis.call('DEL', login)
  redis.call('HSET', login, 'token', sealed, 'number', fence, 'life', life, 'ends', now + left)
  redis.call('PEXPIRE', login, math.max(1, left))
elseif kind == 'failure' then
  local month = 2592000000
  if left < 0 then left = month end
  redis.call('HSET', login, 'failure', sealed, 'until', now + left)
  redis.call('PEXPIRE', login, month)
end
return 1
`)
