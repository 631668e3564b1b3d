-- What an instance of a replica set knows: who leads, who belongs to the set, what the others say.
--
-- Who leads is a row of the space replica_set that the leader writes when it begins: {1, term, uuid, id, quorum}. The
-- members of the set are the rows of _cluster. Errors are Lua errors with the reason.

local fiber = require('fiber')
local net_box = require('net.box')

local ANSWER_SECONDS = 1  -- for another instance to answer

local M = {ANSWER_SECONDS = ANSWER_SECONDS}

-- On the leader, by uuid: who takes rows from it, see replica_set.lua.
M.first_hand = {}

local settings
local connections = {}  -- by address
local confirming = 0

function M.set_up(to) settings = to end

function M.uri(address)
    return ('%s:%s@%s'):format(settings.replication_user, settings.replication_password, address)
end

-- Ids by uuid.
function M.members()
    local ids = {}
    for _, row in box.space._cluster:pairs() do ids[row[2]] = row[1] end
    return ids
end

-- The newest term that this instance knows. Term 0 is before the first one: then the first member begins the set.
function M.current()
    local space = box.space.replica_set
    local row = space and space:get(1)
    if row ~= nil then return {term = row[2], leader = row[3], leader_id = row[4], quorum = row[5]} end
    local first = box.space._cluster:get(1)
    return {term = 0, leader = first and first[2], leader_id = 1, quorum = settings.synchro_quorum}
end

function M.leads()
    local row = M.current()
    return not box.info.ro and row.term > 0 and row.leader == box.info.uuid
end

-- What `change` writes, in one transaction that waits for the quorum.
function M.write(change)
    box.atomic(function()
        change()
        M.touch()
    end)
end

-- A transaction that has a row here waits for the quorum.
function M.touch() box.space.quorum:replace({1}) end

-- A row that does nothing but confirm those before it, which nobody waits for.
function M.confirm()
    confirming = confirming + 1
    fiber.create(function()
        pcall(M.touch)
        confirming = confirming - 1
    end)
end

-- How many of these rows wait themselves.
function M.confirming() return confirming end

-- Whether that instance takes rows from this one.
function M.is_followed_by(uuid)
    local id = M.members()[uuid]
    local replica = id and box.info.replication[id]
    return replica ~= nil and replica.downstream ~= nil and replica.downstream.status == 'follow'
end

-- The last row of this instance that one which takes its rows has confirmed.
function M.confirmed_by(uuid)
    local vclock = box.info.replication[M.members()[uuid]].downstream.vclock
    return vclock and vclock[box.info.id] or 0
end

-- How many instances have what this one writes at first hand, itself included.
function M.followers()
    local count = 1
    for _, replica in pairs(box.info.replication) do
        if replica.downstream ~= nil and replica.downstream.status == 'follow' then count = count + 1 end
    end
    return count
end

local function takes_rows_from(id)
    local replica = box.info.replication[id]
    return replica ~= nil and replica.upstream ~= nil and replica.upstream.status == 'follow'
end

-- What this instance says to the others and to promote.lua.
function M.state()
    local state = M.current()
    state.uuid, state.id, state.leads = box.info.uuid, box.info.id, M.leads()
    state.members, state.follows_leader = M.members(), takes_rows_from(state.leader_id)
    if not box.info.ro then state.first_hand = M.first_hand end
    state.vclock = {}
    for id, lsn in pairs(box.info.vclock) do table.insert(state.vclock, {id, lsn}) end
    return state
end

-- A connection as the replication user. One that hangs after its greeting must not hang whoever connects.
function M.connect(address)
    return net_box.connect(M.uri(address), {connect_timeout = ANSWER_SECONDS, wait_connected = ANSWER_SECONDS})
end

-- The state of another instance.
function M.ask(address)
    local deadline = fiber.clock() + ANSWER_SECONDS
    local connection = connections[address]
    if connection == nil or not connection:is_connected() then
        if connection ~= nil then connection:close() end
        connection = M.connect(address)
        connections[address] = connection
    end
    return connection:call('replica_set.state', {}, {timeout = math.max(deadline - fiber.clock(), 0.01)})
end

return M
