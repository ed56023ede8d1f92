-- wrk -s changes.lua ADDRESS -- TOKEN PERSON DEVICE...: has each device shut down and run again, one change after the
-- other; each comes from somewhere else, so that no limit of a single place is met.
local headers, person, devices
local at, etag, was_down = 1, nil, false

function init(args)
    headers = { Authorization = "Bearer " .. args[1], ["Content-Type"] = "application/json" }
    person = args[2]
    devices = { unpack(args, 3) }
end

function request()
    local body
    headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.random(250), math.random(250), math.random(250))
    headers["If-Match"] = etag
    if was_down then
        return wrk.format("GET", "/api/v1/devices/" .. devices[at], headers)
    elseif etag then
        body = '{"command":"restart","text":"The rate is limited."}'
    else
        body = '{"command":"shut_down","reason":"It floods the broker.","affected":"All devices of the instrument.",' ..
            '"responsible":"' .. person .. '","conditions":"When the rate is limited."}'
    end
    return wrk.format("POST", "/api/v1/devices/" .. devices[at] .. "/commands", headers, body)
end

function response(status, answered)
    local down = status == 200 and not etag
    -- One that was left so is run again: its revision is asked for.
    was_down = status ~= 200 and not etag
    etag = nil
    if down then
        etag = answered["ETag"] or answered["etag"]
    elseif not was_down then
        at = at % #devices + 1
    end
end

function done(summary)
    io.stderr:write(string.format("%d changes a second\n", (summary.requests - summary.errors.status) * 1e6 / summary.duration))
end
