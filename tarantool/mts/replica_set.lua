-- One instance of a replica set on Tarantool 2.6, where nobody elects a leader: which instances it takes rows from, and what
-- promote.lua asks of it. An instance with data starts read-only and stays so until promote.lua lets it lead.
--
-- Who leads is a row of the space replica_set that the leader writes when it begins: {1, term, uuid, id, quorum}. The members
-- of the set are the rows of _cluster. An instance takes rows only from members, so that the tail of a former leader, which
-- nobody was told of, reaches nobody.
--
-- Faults of Tarantool 2.6.0 that this goes round:
-- * A transaction that more replicas than needed have confirmed before the leader's own write returns is never confirmed. So only
--   quorum - 1 replicas take their rows from the leader, the others from those.
-- * An instance cannot join while transactions are confirmed. So the leader pauses meanwhile.
-- * A rollback of several transactions is not always done by the replicas. So none is rolled back for want of a quorum: it
--   waits, and whoever waits for it too long has an unknown outcome (MTS_SYNCHRO_TIMEOUT is a year).

local fiber = require('fiber')
local fio = require('fio')
local log = require('log')
local net_box = require('net.box')
local uuid = require('uuid')

local LOOK_SECONDS = 1         -- between two looks at the peers
local ANSWER_SECONDS = 1       -- for a peer to answer
local ASTRAY_LOOKS = 5         -- after so many looks another instance takes the place of one that does not follow the leader
local CLEARING_SECONDS = 0.1   -- for the quorum, while the former leader's queue is cleared
local PAUSE_SECONDS = 5        -- the leader goes on when who is to join does not ask for more
local FUNCTIONS = {'state', 'fence', 'lead', 'forget', 'rejoin', 'pause', 'resume'}

local M = {}

local settings
local connections = {}  -- by address
local states = {}       -- by address: the last state that it answered
local astray = {}       -- by address: in how many looks it did not follow the leader
local fenced = {}       -- by uuid, until this instance starts again
local serve             -- told whether this instance serves, while it is writable
local paused_until = 0
local joins = nil       -- the connection to the leader, while this instance joins

local function uri(address)
    return ('%s:%s@%s'):format(settings.replication_user, settings.replication_password, address)
end

local function members()
    local ids = {}
    for _, row in box.space._cluster:pairs() do ids[row[2]] = row[1] end
    return ids
end

-- The row of the newest term that this instance knows. Term 0 is before the first one: then the first member begins the set.
local function current()
    local space = box.space.replica_set
    local row = space and space:get(1)
    if row ~= nil then return {term = row[2], leader = row[3], leader_id = row[4], quorum = row[5]} end
    local first = box.space._cluster:get(1)
    return {term = 0, leader = first and first[2], leader_id = 1, quorum = settings.synchro_quorum}
end

local function leads()
    local row = current()
    return not box.info.ro and row.term > 0 and row.leader == box.info.uuid
end

local function takes_from(id)
    local replica = box.info.replication[id]
    return replica ~= nil and replica.upstream ~= nil and replica.upstream.status == 'follow'
end

function M.state()
    local state = current()
    state.uuid, state.id, state.leads = box.info.uuid, box.info.id, leads()
    state.full_quorum, state.members = settings.synchro_quorum, members()
    state.follows_leader = takes_from(state.leader_id)
    state.vclock = {}
    for id, lsn in pairs(box.info.vclock) do table.insert(state.vclock, {id, lsn}) end
    return state
end

local function ask(address)
    local connection = connections[address]
    if connection == nil or not connection:is_connected() then
        if connection ~= nil then connection:close() end
        connection = net_box.connect(uri(address), {connect_timeout = ANSWER_SECONDS})
        connections[address] = connection
    end
    return connection:call('replica_set.state', {}, {timeout = ANSWER_SECONDS})
end

-- Whether this instance is one of those that take their rows from the leader: the first, by their ids, of those that answer. One
-- that answers but has not followed the leader for a while does not count.
local function is_first_hand(peers, leader)
    local before = 0
    for address, peer in pairs(peers) do
        astray[address] = peer.follows_leader and 0 or (astray[address] or 0) + 1
        if peer.uuid ~= leader and peer.id < box.info.id and astray[address] < ASTRAY_LOOKS then before = before + 1 end
    end
    return before < settings.synchro_quorum - 1
end

-- The addresses to take rows from. A member that is away is kept until it answers with another identity.
local function sources()
    local member, peers, addresses = members(), {}, {}
    for _, address in ipairs(settings.replication) do
        local answered, state = pcall(ask, address)
        if answered then states[address] = state end
        local known = states[address]
        if known ~= nil and known.uuid ~= box.info.uuid and member[known.uuid] ~= nil and not fenced[known.uuid] then
            table.insert(addresses, address)
            if answered then peers[address] = state end
        end
    end
    if leads() then return {} end
    local leader = current().leader
    if is_first_hand(peers, leader) then return addresses end
    local others = {}
    for _, address in ipairs(addresses) do
        if states[address].uuid ~= leader then table.insert(others, address) end
    end
    return others
end

local function follow()
    local uris = {}
    for _, address in ipairs(sources()) do table.insert(uris, uri(address)) end
    if table.concat(uris, ' ') ~= table.concat(box.cfg.replication or {}, ' ') then
        box.cfg({replication = uris, replication_connect_quorum = 0, replication_connect_timeout = ANSWER_SECONDS})
    end
end

-- How many instances have what the leader writes at first hand, itself included.
local function followers()
    local count = 1
    for _, replica in pairs(box.info.replication) do
        if replica.downstream ~= nil and replica.downstream.status == 'follow' then count = count + 1 end
    end
    return count
end

-- A leader that had to begin with fewer asks for the whole quorum as soon as it is there.
local function restore_quorum()
    if not leads() then return end
    local row = current()
    if row.quorum >= settings.synchro_quorum then return end
    if followers() < settings.synchro_quorum then
        log.warn('replica set: what is answered now is on %d instances instead of %d; start the others and run promote.lua',
            row.quorum, settings.synchro_quorum)
        return
    end
    box.cfg({replication_synchro_quorum = settings.synchro_quorum})
    box.space.replica_set:update(1, {{'=', 5, settings.synchro_quorum}})
    log.info('replica set: the quorum is %d again', settings.synchro_quorum)
end

-- A new set: the instance that began it leads the first term when the others have joined.
local function begin()
    if box.info.ro or current().term > 0 then return end
    if box.space.replica_set == nil or followers() ~= settings.synchro_quorum then return end
    box.space.replica_set:replace({1, 1, box.info.uuid, box.info.id, settings.synchro_quorum})
    log.info('replica set: the set begins, this instance leads')
end

-- Confirms what has too many confirmations, see above. Its publisher gets an error, and tries again under the same id.
local function unblock()
    if leads() and followers() > current().quorum then box.internal.cfg_set_replication_synchro_quorum() end
end

local function look_around()
    fiber.name('mts_replica_set')
    while true do
        for _, step in ipairs({follow, begin, restore_quorum, unblock}) do
            local done, problem = pcall(step)
            if not done then log.warn('replica set: %s', problem) end
        end
        fiber.sleep(LOOK_SECONDS)
    end
end

-- Moves aside the data that were told to go (M.rejoin). An administrator may remove them.
local function move_aside()
    local order = fio.pathjoin(settings.work_dir, 'rejoin')
    if not fio.path.exists(order) then return end
    local file = assert(fio.open(order, {'O_RDONLY'}))
    local aside = fio.pathjoin(settings.work_dir, 'fenced-' .. file:read())
    file:close()
    fio.mktree(aside)
    for _, kind in ipairs({'snap', 'xlog', 'vylog', 'inprogress'}) do
        for _, path in ipairs(fio.glob(fio.pathjoin(settings.work_dir, '*.' .. kind))) do
            assert(fio.rename(path, fio.pathjoin(aside, fio.basename(path))))
        end
    end
    assert(fio.unlink(order))
    log.warn('replica set: the former data are in %s; this instance joins anew', aside)
end

-- The address of the leader, where one answers: an empty instance joins there, whoever else is away.
local function find_leader()
    for _, address in ipairs(settings.replication) do
        local answered, state = pcall(ask, address)
        if answered and state.leads then return address end
    end
end

-- Under which an instance joins, however often it has to try: every attempt may leave a member behind.
local function identity()
    local path = fio.pathjoin(settings.work_dir, 'joins-as')
    local file = fio.open(path, {'O_RDONLY'})
    local text = file and file:read()
    if file then file:close() end
    if text ~= nil and uuid.fromstr(text) ~= nil then return text end
    text = uuid.str()
    file = assert(fio.open(path, {'O_CREAT', 'O_WRONLY', 'O_TRUNC'}, tonumber('640', 8)))
    assert(file:write(text) and file:fsync() and file:close())
    return text
end

local function keep_paused()
    while joins ~= nil do
        pcall(joins.call, joins, 'replica_set.pause', {PAUSE_SECONDS}, {timeout = PAUSE_SECONDS})
        fiber.sleep(LOOK_SECONDS)
    end
end

local function join(leader)
    joins = net_box.connect(uri(leader), {connect_timeout = ANSWER_SECONDS})
    joins:call('replica_set.pause', {PAUSE_SECONDS}, {timeout = PAUSE_SECONDS + settings.synchro_timeout})
    fiber.create(keep_paused)
end

-- The options of box.cfg. An instance with data begins alone; follow() finds the others, once it can be seen who they are. An
-- empty one joins the leader; without a leader it waits for all to be there, and MTS_BOOTSTRAP says who of them begins the set.
function M.configure(to, options)
    settings = to
    move_aside()
    options.replication_synchro_quorum = settings.synchro_quorum
    options.replication_synchro_timeout = settings.synchro_timeout
    options.replication_connect_quorum = 0
    if settings.read_only == nil then options.read_only = true end
    if #fio.glob(fio.pathjoin(settings.work_dir, '*.snap')) > 0 then return end
    local leader = find_leader()
    if leader ~= nil then join(leader) end
    options.instance_uuid = identity()
    options.replication = {}
    for _, address in ipairs(leader and {leader} or settings.replication) do table.insert(options.replication, uri(address)) end
    options.replication_connect_quorum = #options.replication
    if settings.read_only == nil then options.read_only = leader ~= nil or not settings.bootstrap end
end

-- On the writable instance, after the replication user was made.
function M.apply_schema()
    local space = box.schema.space.create('replica_set', {if_not_exists = true, is_sync = true})
    space:create_index('primary', {if_not_exists = true})
    local may = {if_not_exists = true}
    for _, name in ipairs(FUNCTIONS) do
        box.schema.func.create('replica_set.' .. name, {setuid = true, if_not_exists = true})
        box.schema.user.grant(settings.replication_user, 'execute', 'function', 'replica_set.' .. name, may)
    end
end

-- After box.cfg. The instance that was told to begin the set is writable until the set has begun, and never again by itself.
function M.start()
    fio.unlink(fio.pathjoin(settings.work_dir, 'joins-as'))
    if joins ~= nil then
        pcall(joins.call, joins, 'replica_set.resume', {}, {timeout = ANSWER_SECONDS})
        joins = nil
    end
    if settings.read_only == nil then
        box.cfg({read_only = not (settings.bootstrap and box.info.id == 1 and current().term == 0)})
    end
    local callable = {}
    for _, name in ipairs(FUNCTIONS) do callable[name] = M[name] end
    rawset(_G, 'replica_set', callable)
    fiber.create(look_around)
end

-- Told whether this instance serves while it leads.
function M.on_serve(callback) serve = callback end

local function resume_in_time()
    while fiber.time() < paused_until or followers() > current().quorum do fiber.sleep(0.05) end
    if not box.info.ro then serve(true) end
    log.info('replica set: serves again')
end

-- Refuses publishers for that long, so that somebody can join; when it returns, everything before is confirmed.
function M.pause(seconds)
    if not leads() then error('this instance does not lead', 0) end
    local is_paused = fiber.time() < paused_until
    paused_until = fiber.time() + seconds
    if is_paused then return end
    log.info('replica set: pauses, because an instance joins')
    serve(false)
    fiber.create(resume_in_time)
    box.space.replica_set:update(1, {{'=', 5, current().quorum}})  -- behind everything that waits for the quorum
end

function M.resume() paused_until = 0 end

-- Takes nothing from those any more and leads no longer: what this instance has is final when this returns.
function M.fence(uuids)
    for _, member in ipairs(uuids) do fenced[member] = true end
    box.cfg({read_only = true})
    follow()
    return M.state()
end

local function set_of(list)
    local set = {}
    for _, item in ipairs(list) do set[item] = true end
    return set
end

local function write_set(term, quorum, kept)
    box.atomic(function()
        box.space.replica_set:replace({1, term, box.info.uuid, box.info.id, quorum})
        for member, id in pairs(members()) do
            if not kept[member] then box.space._cluster:delete(id) end
        end
    end)
end

-- By the leader: the members that are not in `keep` will not come back with their data.
function M.forget(keep)
    if not leads() then error('this instance does not lead', 0) end
    local row = current()
    local quorum = math.min(row.quorum, #keep)
    if quorum < row.quorum then box.cfg({replication_synchro_quorum = quorum}) end
    write_set(row.term, quorum, set_of(keep))
    return M.state()
end

-- Leads the term with the members in `keep`; everybody else is out of the set until it has joined anew. What the former leader
-- left without a quorum is confirmed: its publishers were told that the outcome is unknown.
function M.lead(term, keep)
    if term <= current().term then error('another instance began this term', 0) end
    local kept = set_of(keep)
    box.cfg({replication_synchro_quorum = 1, replication_synchro_timeout = CLEARING_SECONDS})
    box.ctl.clear_synchro_queue()
    local quorum = math.min(settings.synchro_quorum, #keep)
    box.cfg({replication_synchro_quorum = quorum, replication_synchro_timeout = settings.synchro_timeout})
    fenced = {}
    box.cfg({read_only = false})
    -- First in the queue, so that whatever is confirmed later is seen to be of this term; waits for the quorum.
    write_set(term, quorum, kept)
    log.info('replica set: this instance leads term %d with a quorum of %d', term, quorum)
    return M.state()
end

-- The data of an instance that is out of the set go when it starts again, which whatever supervises it does at once.
function M.rejoin(term)
    if not box.info.ro or current().term >= term then error('this instance belongs to the set', 0) end
    local order = assert(fio.open(fio.pathjoin(settings.work_dir, 'rejoin'), {'O_CREAT', 'O_WRONLY', 'O_TRUNC'}, tonumber('640', 8)))
    assert(order:write(box.info.uuid) and order:fsync() and order:close())
    log.warn('replica set: out of the set since term %d; ends here, to join anew', term)
    fiber.create(function()
        fiber.sleep(0.1)
        os.exit(1)
    end)
    return true
end

return M
