-- For wrk: what to send is given after "--" (method, bytes of body, bearer token or "-"), what came of it is one line of JSON.

function init(args)
  local method, bytes, token = args[1], tonumber(args[2]), args[3]
  wrk.method = method
  if bytes > 0 then
    wrk.body = '{"Note":"' .. string.rep("x", bytes - 11) .. '"}'
    wrk.headers["Content-Type"] = "application/json"
  end
  if token ~= "-" then wrk.headers["Authorization"] = "Bearer " .. token end
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'RESULT {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
