#!/usr/bin/env tarantool
-- Lets one instance of a replica set lead, and brings the others behind it; for Tarantool 2.6, where there are no
-- elections.
--
--   MTS_REPLICATION_PASSWORD=... tarantool promote.lua [--lost] HOST:PORT...     all instances of the set
--
-- It may be run again at any time: it does what is missing. Without a leader that answers, it fences the former one,
-- takes the instance that has most of its rows, and puts out of the set whoever was not reached. With a leader, it
-- makes those that are out of the set and answer give up their data and join anew.
--
-- --lost: the data of the members that do not answer are gone for good. A leader that waits for them goes on without
-- them, and empty instances may take their places. Never say so of an instance that could come back with its data.
--
-- Exit codes: 0 the set is whole, or as whole as the instances that answer allow; 1 it is not, and the last line says
-- why; 2 wrong usage.

local fiber = require('fiber')
local net_box = require('net.box')

local CONNECT_TIMEOUT = 2
local CALL_TIMEOUT = 10
local LEAD_TIMEOUT = 60
local JOIN_TIMEOUT = tonumber(os.getenv('MTS_JOIN_TIMEOUT') or 600)
local ATTEMPTS = 5

local user = os.getenv('MTS_REPLICATION_USER') or 'replicator'
local password = os.getenv('MTS_REPLICATION_PASSWORD')

local function say(text, ...) print(text:format(...)) end

local function call(peer, name, arguments, timeout)
    -- One that hangs after its greeting must not hang this.
    local connection = net_box.connect(peer, {user = user, password = password, connect_timeout = CONNECT_TIMEOUT,
        wait_connected = CONNECT_TIMEOUT})
    local options = {timeout = timeout or CALL_TIMEOUT}
    local answered, result = pcall(connection.call, connection, 'replica_set.' .. name, arguments or {}, options)
    connection:close()
    if not answered then return nil, tostring(result) end
    return result
end

-- The states of all peers that answer, each with its peer, in the order given.
local function ask(peers)
    local states, fibers = {}, {}
    for index, peer in ipairs(peers) do
        fibers[index] = fiber.new(function()
            local state, reason = call(peer, 'state')
            states[index] = state and {peer = peer, state = state} or {peer = peer, reason = reason}
        end)
        fibers[index]:set_joinable(true)
    end
    local reached = {}
    for index in ipairs(peers) do
        fibers[index]:join()
        if states[index].state then
            reached[#reached + 1] = states[index]
            states[index].state.peer = peers[index]
            reached[#reached] = states[index].state
        else
            say('%s does not answer: %s', peers[index], states[index].reason)
        end
    end
    return reached
end

-- The state with the newest term says who leads, and who the members are.
local function newest(reached)
    local found = reached[1]
    for _, state in ipairs(reached) do
        if state.term > found.term then found = state end
    end
    return found
end

local function size(map)
    local count = 0
    for _ in pairs(map) do count = count + 1 end
    return count
end

local function find(reached, uuid)
    for _, state in ipairs(reached) do
        if state.uuid == uuid then return state end
    end
end

-- Who may lead. Every acknowledged row is on one of the others than the former leader, if fewer than a quorum are
-- missing. The former leader has everything, if nobody else can have been chosen by those that do not answer; but
-- Tarantool 2.6.0 may crash some times before it leads again, on what it had not confirmed when it ended.
local function candidates(reached, set)
    local members = {}
    for _, state in ipairs(reached) do
        if set.members[state.uuid] then members[#members + 1] = state end
    end
    local missing = size(set.members) - #members
    local former = find(members, set.leader)
    local others = {}
    for _, state in ipairs(members) do
        if state ~= former then others[#others + 1] = state end
    end
    if #others > 0 and size(set.members) - #others < set.quorum then return others end
    if former and missing <= size(set.members) - set.quorum then return {former} end
    return nil, ('%d of the %d members of the set do not answer; an acknowledged message may be only there. Bring one '
        .. 'of them back and run this again'):format(missing, size(set.members))
end

-- How many rows it has of the instance `id`, or of all instances together.
local function rows_of(state, id)
    local rows = 0
    for _, component in ipairs(state.vclock) do
        if id == nil or component[1] == id then rows = rows + component[2] end
    end
    return rows
end

-- A leader that died at once may have written under its own id already: then all rows decide.
local function has_more(state, than, former)
    local difference = rows_of(state, former) - rows_of(than, former)
    if difference ~= 0 then return difference > 0 end
    return rows_of(state) > rows_of(than)
end

-- Fences everybody but the chosen, so that nothing of the former leader arrives any more, and compares afterwards.
local function promote(reached, set)
    local able, reason = candidates(reached, set)
    if not able then return nil, reason end
    local final = {}
    for _, state in ipairs(able) do
        local fenced = call(state.peer, 'fence', {state.uuid == set.leader and {} or {set.leader}})
        if not fenced then return nil, state.peer .. ' ceased to answer' end
        fenced.peer = state.peer
        final[#final + 1] = fenced
    end
    local chosen = final[1]
    for _, state in ipairs(final) do
        if has_more(state, chosen, set.leader_id) then chosen = state end
    end
    local keep = {}
    for _, state in ipairs(reached) do
        local is_former = state.uuid == set.leader and state.uuid ~= chosen.uuid
        if set.members[state.uuid] and not is_former then keep[#keep + 1] = state.uuid end
    end
    say('%s is to lead term %d: it has the former leader\'s rows up to %d', chosen.peer, set.term + 1,
        rows_of(chosen, set.leader_id))
    local led, why = call(chosen.peer, 'lead', {set.term + 1, keep}, LEAD_TIMEOUT)
    if not led then return nil, ('%s does not lead: %s'):format(chosen.peer, why) end
    return true
end

local function wait_for_member(peer, leader)
    local deadline = fiber.time() + JOIN_TIMEOUT
    while fiber.time() < deadline do
        local state, set = call(peer, 'state'), call(leader.peer, 'state')
        local has_joined = state and set and set.members[state.uuid]
        if has_joined and rows_of(state, set.id) >= rows_of(leader, set.id) then return true end
        fiber.sleep(0.2)
    end
    return nil, ('%s has not joined within %d s; does anything start it when it ends?'):format(peer, JOIN_TIMEOUT)
end

-- Everybody who answers and is out of the set joins anew.
local function bring_back(reached, leader)
    for _, state in ipairs(reached) do
        if not leader.members[state.uuid] then
            say('%s is out of the set: its data go, and it joins anew', state.peer)
            call(state.peer, 'fence', {{}})
            local ordered, reason = call(state.peer, 'rejoin', {leader.term})
            if not ordered then return nil, ('%s: %s'):format(state.peer, reason) end
            local joined, why = wait_for_member(state.peer, leader)
            if not joined then return nil, why end
            say('%s follows', state.peer)
        end
    end
    return true
end

-- Members that are nowhere any more: their data were replaced, or somebody said that they are lost.
local function forget_the_lost(peers, reached, leader, lost)
    local keep, answering = {}, {}
    for _, state in ipairs(reached) do
        if leader.members[state.uuid] and not answering[state.uuid] then table.insert(keep, state.uuid) end
        answering[state.uuid] = true
    end
    if #keep == size(leader.members) or not (lost or size(answering) == #peers) then return leader end
    say('%d members have lost their data', size(leader.members) - #keep)
    local forgot, reason = call(leader.peer, 'forget', {keep}, LEAD_TIMEOUT)
    if not forgot then return nil, reason end
    forgot.peer = leader.peer
    return forgot
end

local function attempt(peers, lost)
    local reached = ask(peers)
    if #reached == 0 then return nil, 'no instance answers' end
    local set = newest(reached)
    local leader = find(reached, set.leader)
    if not leader or not leader.leads then
        local promoted, reason = promote(reached, set)
        if not promoted then return nil, reason end
        reached = ask(peers)
        set = newest(reached)
        leader = find(reached, set.leader)
        if not leader or not leader.leads then return nil, 'the chosen instance does not lead' end
    end
    say('%s leads term %d', leader.peer, leader.term)
    local reason
    leader, reason = forget_the_lost(peers, reached, leader, lost)
    if not leader then return nil, reason end
    return bring_back(reached, leader)
end

local function main(peers)
    local lost = peers[1] == '--lost'
    if lost then table.remove(peers, 1) end
    if #peers == 0 or password == nil then
        io.stderr:write('usage: MTS_REPLICATION_PASSWORD=... tarantool promote.lua [--lost] HOST:PORT...\n')
        return 2
    end
    local done, reason
    for try = 1, ATTEMPTS do
        done, reason = attempt(peers, lost)
        if done then return 0 end
        if try < ATTEMPTS then fiber.sleep(1) end
    end
    io.stderr:write('promote: ' .. reason .. '\n')
    return 1
end

os.exit(main({...}))
