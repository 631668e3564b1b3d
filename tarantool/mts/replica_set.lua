-- One instance of a replica set on Tarantool 2.6, where nobody elects a leader: which instances it takes rows from, and
-- what promote.lua asks of it. An instance with data starts read-only and stays so until promote.lua lets it lead. It
-- takes rows only from members of the set, so that the tail of a former leader, which nobody was told of, reaches
-- nobody.
--
-- Faults of Tarantool 2.6.0 that this goes round, besides those in replica_join.lua and schema.lua:
-- * A transaction that more replicas than needed have confirmed before the leader's own write returns is not confirmed
--   until a later one is, and at times not even then: publishing stands still for good. So the leader chooses
--   quorum - 1 replicas that take their rows from it; the others take them from those. Whoever was chosen stays so as
--   long as it takes them, for a change makes one too many for a moment; in such a moment the leader pauses
--   (replica_join.lua), and because that takes a moment too, it writes a row each second.
-- * A rollback of several transactions is not always done by the replicas. So none is rolled back for want of a quorum:
--   it waits, and whoever waits for it too long has an unknown outcome (MTS_SYNCHRO_TIMEOUT is a year).
-- * The confirmations of a replica that subscribed again may never arrive (cpipe_flush_cb in the log). So it counts as
--   one that takes no rows.
-- * Each change of the sources breaks off all replication, for up to a second.

local fiber = require('fiber')
local joining = require('mts.replica_join')
local log = require('log')
local state = require('mts.replica_state')

local LOOK_SECONDS = 1         -- between two looks at the others
local ASTRAY_LOOKS = 5         -- after so many another one is chosen for one that takes no rows from the leader,
local GONE_LOOKS = 2           -- or does not answer either
local CONFIRMING_AT_ONCE = 5   -- rows that only confirm others
local CLEARING_SECONDS = 0.1   -- for the quorum, while the former leader's queue is cleared

local M = {on_serve = joining.on_serve}

local settings
local states = {}  -- by address: the last state that it answered
local astray = {}  -- on the leader, by uuid: in how many looks one that was chosen took no rows from it
local heard = {}   -- the same: the last row of this instance that it said to have
local is_first_hand = false  -- as the leader said last
local following = fiber.channel(1)  -- full while the sources are being changed
local fenced = {}  -- by uuid, until this instance leads or starts again

-- Whether the confirmations of that instance arrive: of what it had in the look before.
local function confirms(uuid, its)
    local had = heard[uuid] or 0
    for _, component in ipairs(its and its.vclock or {}) do
        if component[1] == box.info.id then heard[uuid] = component[2] end
    end
    return state.is_followed_by(uuid) and state.confirmed_by(uuid) >= had
end

-- Whether that instance, which was chosen, need not be replaced.
local function is_good(uuid, its)
    astray[uuid] = confirms(uuid, its) and 0 or (astray[uuid] or 0) + 1
    return astray[uuid] < (its and ASTRAY_LOOKS or GONE_LOOKS)
end

-- On the leader, from the states of those that answer.
local function choose_first_hand(answering)
    local by_uuid, candidates, chosen, count = {}, {}, {}, 0
    for _, its in pairs(answering) do by_uuid[its.uuid] = its end
    for uuid in pairs(state.members()) do
        if state.first_hand[uuid] and is_good(uuid, by_uuid[uuid]) then
            chosen[uuid], count = true, count + 1
        elseif by_uuid[uuid] then
            table.insert(candidates, {uuid = uuid, id = by_uuid[uuid].id, follows = state.is_followed_by(uuid)})
        end
    end
    table.sort(candidates, function(a, b)
        if a.follows ~= b.follows then return a.follows end
        return a.id < b.id
    end)
    for _, candidate in ipairs(candidates) do
        if count >= math.max(settings.synchro_quorum - 1, 1) then break end
        chosen[candidate.uuid], count = true, count + 1
        astray[candidate.uuid] = 0
    end
    state.first_hand = chosen
end

-- The addresses of the members and the states of those that answer. One that is away is kept until another answers
-- there.
local function look()
    local ids, addresses, answering = state.members(), {}, {}
    for _, address in ipairs(settings.replication) do
        local answered, its = pcall(state.ask, address)
        if answered then states[address] = its end
        local known = states[address]
        if known ~= nil and known.uuid ~= box.info.uuid and ids[known.uuid] ~= nil and not fenced[known.uuid] then
            table.insert(addresses, address)
            if answered then answering[address] = its end
        end
    end
    return addresses, answering
end

-- The addresses to take rows from.
local function sources()
    local addresses, answering = look()
    if not box.info.ro then choose_first_hand(answering) end
    if state.leads() then return {} end
    local leader, count = state.current().leader, 0
    for _ in pairs(state.members()) do count = count + 1 end
    for _, its in pairs(answering) do
        if its.uuid == leader and its.first_hand then is_first_hand = its.first_hand[box.info.uuid] == true end
    end
    if is_first_hand or count <= 2 then return addresses end
    local others = {}
    for _, address in ipairs(addresses) do
        if states[address].uuid ~= leader then table.insert(others, address) end
    end
    return others
end

local function take_rows()
    local uris = {}
    for _, address in ipairs(sources()) do table.insert(uris, state.uri(address)) end
    if table.concat(uris, ' ') == table.concat(box.cfg.replication or {}, ' ') then return end
    box.cfg({replication = uris, replication_connect_quorum = 0, replication_connect_timeout = state.ANSWER_SECONDS})
end

-- One at a time: what was decided before an instance was fenced must not come into force after it.
local function follow()
    following:put(true)
    local done, problem = pcall(take_rows)
    following:get()
    if not done then error(problem, 0) end
end

-- A leader that hung or was cut off while another began a term: it finds no quorum any more, and nobody should ask it.
local function step_down()
    if box.info.ro then return end
    for address, its in pairs(states) do
        if its.term > state.current().term then
            box.cfg({read_only = true})
            log.warn('replica set: %s says that term %d has begun; this instance leads no longer', address, its.term)
            return
        end
    end
end

-- A leader that had to begin with fewer asks for the whole quorum as soon as it is there.
local function restore_quorum()
    local quorum = state.current().quorum
    if not state.leads() or joining.is_joining() or quorum >= settings.synchro_quorum then return end
    if state.followers() < settings.synchro_quorum then
        log.warn('replica set: what is answered now is on %d instances instead of %d; start the others, run promote.lua',
            quorum, settings.synchro_quorum)
        return
    end
    box.cfg({replication_synchro_quorum = settings.synchro_quorum})
    state.write(function() box.space.replica_set:update(1, {{'=', 5, settings.synchro_quorum}}) end)
    log.info('replica set: the quorum is %d again', settings.synchro_quorum)
end

-- A new set: the instance that began it leads the first term when the others have joined. Nothing is published before, for
-- nobody can join while a write waits for its quorum.
local function begin()
    if box.info.ro or state.current().term > 0 then return end
    if box.space.replica_set == nil or state.followers() ~= settings.synchro_quorum then return end
    state.write(function()
        box.space.replica_set:replace({1, 1, box.info.uuid, box.info.id, settings.synchro_quorum})
    end)
    joining.serve(true)
    log.info('replica set: the set begins, this instance leads')
end

-- Whatever is confirmed confirms everything before it. A row may be one that waits itself, so each has a fiber of its
-- own.
local function confirm_what_waits()
    if not state.leads() or joining.is_joining() or state.confirming() >= CONFIRMING_AT_ONCE then return end
    if #settings.replication > state.current().quorum then state.confirm() end
end

-- Steps that may wait for a quorum have fibers of their own.
local function each_second(step)
    fiber.name('mts_replica_set')
    while true do
        local done, problem = pcall(step)
        if not done then log.warn('replica set: %s', problem) end
        fiber.sleep(LOOK_SECONDS)
    end
end

-- Takes nothing from those any more and leads no longer: what this instance has is final when this returns.
local function fence(uuids)
    for _, uuid in ipairs(uuids) do fenced[uuid] = true end
    box.cfg({read_only = true})
    follow()
    return state.state()
end

-- In one transaction: this instance leads the term, and `keep` are the members.
local function write_set(term, quorum, keep)
    local kept = {}
    for _, uuid in ipairs(keep) do kept[uuid] = true end
    state.write(function()
        box.space.replica_set:replace({1, term, box.info.uuid, box.info.id, quorum})
        for uuid, id in pairs(state.members()) do
            if not kept[uuid] then box.space._cluster:delete(id) end
        end
    end)
end

-- By the leader: the members that are not in `keep` will not come back with their data.
local function forget(keep)
    if not state.leads() then error('this instance does not lead', 0) end
    local row = state.current()
    local quorum = math.min(row.quorum, #keep)
    if quorum < row.quorum then box.cfg({replication_synchro_quorum = quorum}) end
    write_set(row.term, quorum, keep)
    return state.state()
end

-- Leads the term with the members in `keep`; everybody else is out of the set until it has joined anew. What the former
-- leader left without a quorum is confirmed: its publishers were told that the outcome is unknown.
local function lead(term, keep)
    if term <= state.current().term then error('another instance began this term', 0) end
    box.cfg({replication_synchro_quorum = 1, replication_synchro_timeout = CLEARING_SECONDS})
    box.ctl.clear_synchro_queue()
    local quorum = math.min(settings.synchro_quorum, #keep)
    box.cfg({replication_synchro_quorum = quorum, replication_synchro_timeout = settings.synchro_timeout})
    fenced = {}
    box.cfg({read_only = false})
    -- First in the queue, so that whatever is confirmed later is seen to be of this term. Waits for the quorum.
    write_set(term, quorum, keep)
    log.info('replica set: this instance leads term %d with a quorum of %d', term, quorum)
    return state.state()
end

-- What the replication user may call.
local CALLS = {
    state = state.state, fence = fence, lead = lead, forget = forget,
    pause = joining.pause, resume = joining.resume, rejoin = joining.rejoin,
}

-- On the writable instance, after the replication user was made.
function M.apply_schema()
    local space = box.schema.space.create('replica_set', {if_not_exists = true})
    space:create_index('primary', {if_not_exists = true})
    for name in pairs(CALLS) do
        local call = 'replica_set.' .. name
        box.schema.func.create(call, {setuid = true, if_not_exists = true})
        box.schema.user.grant(settings.replication_user, 'execute', 'function', call, {if_not_exists = true})
    end
end

-- The options of box.cfg.
function M.configure(to, options)
    settings = to
    state.set_up(to)
    joining.configure(to, options)
end

function M.has_begun() return state.current().term > 0 end

-- After box.cfg. The instance that was told to begin the set is writable until the set has begun, and never again by
-- itself.
function M.start()
    joining.joined()
    if settings.read_only == nil then
        box.cfg({read_only = not (settings.bootstrap and box.info.id == 1 and state.current().term == 0)})
    end
    rawset(_G, 'replica_set', CALLS)
    fiber.create(joining.avoid_crowd)
    for _, step in ipairs({follow, step_down, begin, restore_quorum, confirm_what_waits}) do fiber.create(each_second, step) end
end

return M
