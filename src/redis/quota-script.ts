import { script } from './script.js'

/**
 * One exchange between a replica and the books of a quota. It is told how many places the replica holds, in whole and
 * not as a difference, so that a lost answer, an emptied server and a repeated question all end with the next one; and
 * how many more it wants. It answers with what it gets. The clock is the server's alone.
 *
 * KEYS[1] holds a line per replica: places held, of these in use, more wanted, number of its last question, until when
 * its lease runs, and in which life of the books that was said. KEYS[2] holds what all have learned.
 *
 * A place is charged as long as its replica holds it: the replica gives it back one window after the answer. A replica
 * that falls silent may have used its places until its lease ran out, so they stay charged for `grace` after that.
 */
export const quotaScript = script(`
local places, state = KEYS[1], KEYS[2]
local me, question = ARGV[1], tonumber(ARGV[2])
local lease, grace = tonumber(ARGV[3]), tonumber(ARGV[4])
local calls, percent, seats = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local held, used, want = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local run, knew = ARGV[11], tonumber(ARGV[12])
local rest, probed = tonumber(ARGV[13]), ARGV[14]
local function time()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local now = time()

-- What all know.
local known = {}
local flat = redis.call('HGETALL', state)
for i = 1, #flat, 2 do known[flat[i]] = flat[i + 1] end
local function number(name, otherwise) return tonumber(known[name]) or otherwise end
local function note(name, value)
  known[name] = tostring(value)
  redis.call('HSET', state, name, value)
end
local function forget(name)
  if known[name] then redis.call('HDEL', state, name) end
  known[name] = nil
end

-- Who holds what. Places of the silent come free one grace after their lease.
local own, others, live = nil, {}, 0
flat = redis.call('HGETALL', places)
local isEmpty = #flat == 0
for i = 1, #flat, 2 do
  local f = {}
  for word in string.gmatch(flat[i + 1], '%S+') do f[#f + 1] = tonumber(word) end
  local line = { id = flat[i], held = f[1], used = f[2], want = f[3], question = f[4], till = f[5], life = f[6] }
  line.live = line.till > now
  if line.till + grace <= now then redis.call('HDEL', places, line.id)
  elseif line.id == me then own = line
  else
    others[#others + 1] = line
    if line.live then live = live + 1 end
  end
end

-- A question that was held up on its way must not undo a later one.
if own and own.question >= question then return { 'late' } end

-- The books may be those of another life of the server: emptied, restored, or a copy that had not heard the last of it.
-- Short of memory, a server may also have thrown out the lines alone.
-- Nothing is granted until as many replicas have told what they hold as were known, or all silent ones are spent. Who
-- was not there before, and so stands for nobody who was, does not count.
if known.run ~= run or isEmpty then
  local declared = own and own.live and live + 1 or live
  note('run', run)
  note('born', now)
  note('knew', declared)
  forget('settled')
end
local born = number('born', now)
local isNew = knew == 0 or (own ~= nil and own.life == 0)
if not known.settled then
  if not isNew and knew > number('knew', 0) then note('knew', knew) end
  local told = isNew and 0 or 1
  for _, line in ipairs(others) do if line.life == born then told = told + 1 end end
  local all = told >= number('knew', 0)
  if (all and now >= born + tonumber(ARGV[15])) or now >= born + lease + grace then note('settled', 1) end
end

-- What was learned: a fall counts at once, a rise only if nobody has learned of a fall since.
local function learn(name, told, base)
  local stands = number(name, base)
  if told < base then stands = math.min(stands, told)
  elseif told > base and stands >= base then stands = math.max(stands, told) end
  if stands ~= number(name, nil) then note(name, stands) end
  return stands
end
local top = number('calls', calls)
if top ~= calls then forget('limit') forget('trusted') end
if known.calls ~= tostring(calls) then note('calls', calls) end
local limit = math.min(calls, learn('limit', tonumber(ARGV[16]), tonumber(ARGV[17])))
local trusted = learn('trusted', tonumber(ARGV[18]), tonumber(ARGV[19]))

-- A rest is everybody's. When it is over one call goes first, from one replica.
if rest > 0 then
  note('rest', math.max(number('rest', 0), now + rest))
  forget('prober')
elseif known.prober == me and probed ~= '' then
  forget('prober')
  if probed == 'admitted' then forget('rest') end
end
local mode, restMs = 'open', 0
if known.rest then
  restMs = math.max(0, number('rest', 0) - now)
  local probing = false
  for _, line in ipairs(others) do
    if line.live and line.id == known.prober and now < number('probing', 0) then probing = true end
  end
  if restMs > 0 then mode = 'rest'
  elseif probing then mode, restMs = 'rest', 100
  elseif ARGV[20] == '0' then mode, restMs = 'rest', 100
  else
    mode = 'probe'
    if known.prober ~= me or now >= number('probing', 0) then
      note('prober', me)
      note('probing', now + 30000)
    end
  end
end

-- Every seat keeps a few places of its own, for the time when nobody answers here. The rest is granted.
local floor = math.floor(limit * percent / 100 / seats)
local pool = limit - floor * math.max(seats, live + 1)
local elsewhere, taken, claims = 0, 0, 1
for _, line in ipairs(others) do
  taken = taken + line.held
  elsewhere = elsewhere + line.used
  if line.live and line.held + line.want > 0 then claims = claims + 1 end
end
local free = pool - taken - held
local fair = math.max(1, math.floor(pool / claims))
local unmet = 0
for _, line in ipairs(others) do
  if line.live then unmet = unmet + math.min(line.want, math.max(0, fair - line.held)) end
end
local grant, most = 0, -1
if known.settled then
  grant = math.max(0, math.min(want, free, math.max(fair - held, free - unmet)))
  -- Too few for those with less than their part, or fewer than before since the limit has fallen.
  local short = unmet - free
  if short > 0 and held > fair then most = math.max(fair, held - short) end
end

local till = now + lease
local life = born
if isNew and not known.settled then life = 0 end
redis.call('HSET', places, me, table.concat({ held + grant, used, want - grant, question, till, life }, ' '))
local keep = math.max(3600000, 2 * (lease + grace))
redis.call('PEXPIRE', places, keep)
redis.call('PEXPIRE', state, keep)
free = known.settled and math.max(0, free - grant - unmet) or 0
return { 'ok', grant, most, elsewhere, free, limit, trusted, mode, restMs, live + 1, floor }
`)
