-- What replica_set.sh needs of a client. The first argument says what; ADDRESS... are all instances.
--
--   publish FILE STOP ADDRESS...  until STOP exists publishes as the services do: to whichever instance is writable, every
--                                 message again under its id until it is acknowledged; each is then a line "id sequence" in FILE
--   check FILE ADDRESS            everything in FILE is there once, under its sequence, and no id is there twice
--   state ADDRESS [NAME]          what the instance says of itself, or one field of it
--   cut ADDRESS UUID              the instance takes nothing from UUID any more
--   tail ADDRESS                  publishes the message "tail" there, and does not wait for its end
--   rows ADDRESS                  how many messages it has

local fiber = require('fiber')
local fio = require('fio')
local json = require('json')
local net_box = require('net.box')

local PUBLISHERS = 16
local EMPTY_MAP = setmetatable({}, {__serialize = 'map'})

local function administrator(address)
    local connection = net_box.connect(address, {user = 'replicator', password = 'secret', connect_timeout = 1,
        wait_connected = 1})
    if not connection:is_connected() then error(address .. ': ' .. connection.error, 0) end
    return connection
end

-- What a function answers lies in one more array before Tarantool 3.
local function call(connection, name, ...)
    local answer = connection:call('mts.' .. name, {...}, {timeout = 3})
    while type(answer[1]) == 'table' do answer = answer[1] end
    return answer
end

local function writable(addresses)
    for _, address in ipairs(addresses) do
        local options = {user = 'minitoolstream', password = 'changeme', connect_timeout = 1, wait_connected = 1}
        local connection = net_box.connect(address, options)
        local answered, hello = pcall(call, connection, 'hello')
        if answered and hello[3] then return connection end
        connection:close()
    end
end

-- Gives the sequence of the message with that id.
local function append(connection, id)
    local answer = call(connection, 'append', {{0, {{'load', EMPTY_MAP, id, box.NULL, 2, id}}}})
    if answer[1] ~= 0 then error(answer[2], 0) end
    local result = answer[2][1]
    if result[1] ~= 0 then error(result[2], 0) end
    return #result[4] > 0 and result[4][2] or result[2]
end

local function publish(file, stop, addresses)
    local acknowledged, connection, connecting = assert(io.open(file, 'a')), nil, false
    acknowledged:setvbuf('line')
    local function look_for_the_leader(failed)
        if connection ~= failed or connecting then return end
        connecting = true
        connection = writable(addresses)
        connecting = false
    end
    local function run(publisher)
        local number = 0
        while not fio.path.exists(stop) do
            number = number + 1
            local id = ('%d-%d'):format(publisher, number)
            local done, sequence
            repeat
                local current = connection
                if current ~= nil then done, sequence = pcall(append, current, id) end
                if not done then
                    look_for_the_leader(current)
                    fiber.sleep(0.05)
                end
            until done
            acknowledged:write(('%s %s\n'):format(id, tostring(sequence):match('%d+')))
        end
    end
    local fibers = {}
    for publisher = 1, PUBLISHERS do
        fibers[publisher] = fiber.new(run, publisher)
        fibers[publisher]:set_joinable(true)
    end
    for publisher = 1, PUBLISHERS do fibers[publisher]:join() end
end

-- Field 3 is the object's name, which is the id here.
local function check(file, address)
    local stored, twice, lost, expected = {}, 0, 0, 0
    for _, row in ipairs(administrator(address).space.message:select()) do
        if stored[row[3]] ~= nil then twice = twice + 1 end
        stored[row[3]] = tostring(row[1]):match('%d+')
    end
    for line in io.lines(file) do
        local id, sequence = line:match('^(%S+) (%d+)$')
        expected = expected + 1
        if stored[id] ~= sequence then
            lost = lost + 1
            print(('%s was acknowledged with sequence %s, stored is %s'):format(id, sequence, tostring(stored[id])))
        end
    end
    print(('%s: %d acknowledged, %d lost, %d twice%s'):format(address, expected, lost, twice,
        stored.tail and ', and the tail of a former leader' or ''))
    return lost == 0 and twice == 0 and not stored.tail
end

local what = arg[1]
local good = true
if what == 'publish' then
    local addresses = {}
    for i = 4, #arg do table.insert(addresses, arg[i]) end
    publish(arg[2], arg[3], addresses)
elseif what == 'check' then
    good = check(arg[2], arg[3])
elseif what == 'state' then
    local state = administrator(arg[2]):call('replica_set.state')
    print(arg[3] and tostring(state[arg[3]]) or json.encode(state))
elseif what == 'cut' then
    administrator(arg[2]):call('replica_set.fence', {{arg[3]}})
elseif what == 'tail' then
    local connection = writable({arg[2]})
    fiber.create(append, connection, 'tail')
    fiber.sleep(0.1)
elseif what == 'rows' then
    print(#administrator(arg[2]).space.message:select())
end
os.exit(good and 0 or 1)
