-- How an instance joins a replica set, and how one that is out of it gives up its data first.
--
-- Tarantool 2.6.0 cannot let an instance join while transactions are confirmed: it may refuse to join, and the leader may
-- stand still for good, because the asynchronous row of the new member is never confirmed behind a synchronous one. So
-- the leader writes nothing that waits for a quorum meanwhile: whoever joins asks for it, and again each second until
-- it has joined.

local fiber = require('fiber')
local fio = require('fio')
local log = require('log')
local state = require('mts.replica_state')
local uuid = require('uuid')

local PAUSE_SECONDS = 5      -- the leader goes on when nobody asks for more
local ASK_AGAIN_SECONDS = 1
local CROWD_SECONDS = 10     -- for the replicas to arrange themselves before the leader goes on
local LOOK_SECONDS = 0.05
local CONFIRMING_AT_ONCE = 20  -- rows that only confirm others

-- serve(bool): told whether this instance serves, while it leads.
local M = {serve = function() end}

local settings
local leader            -- the connection to it, while this instance joins
local paused_until = 0
local is_paused = false
local is_quiet = false     -- everything before the pause was confirmed
local bears_crowd = false  -- it did not end in time, and has not ended since

local function path(name) return fio.pathjoin(settings.work_dir, name) end

local function read(name)
    local file = fio.open(path(name), {'O_RDONLY'})
    if file == nil then return nil end
    local text = file:read()
    file:close()
    return text
end

local function write(name, text)
    local file = assert(fio.open(path(name), {'O_CREAT', 'O_WRONLY', 'O_TRUNC'}, tonumber('640', 8)))
    assert(file:write(text) and file:fsync() and file:close())
end

-- Moves the data aside that were told to go (M.rejoin). An administrator may remove them.
local function move_aside()
    local former = read('rejoin')
    if former == nil then return end
    local aside = path('fenced-' .. former)
    fio.mktree(aside)
    for _, kind in ipairs({'snap', 'xlog', 'vylog', 'inprogress'}) do
        for _, file in ipairs(fio.glob(path('*.' .. kind))) do
            assert(fio.rename(file, fio.pathjoin(aside, fio.basename(file))))
        end
    end
    assert(fio.unlink(path('rejoin')))
    log.warn('replica set: the former data are in %s; this instance joins anew', aside)
end

-- Under which an instance joins, however often it has to try: every attempt may leave a member behind.
local function identity()
    local text = read('joins-as')
    if text ~= nil and uuid.fromstr(text) ~= nil then return text end
    text = uuid.str()
    write('joins-as', text)
    return text
end

-- The address of the leader, where one answers: an empty instance joins there, whoever else is away.
local function find_leader()
    for _, address in ipairs(settings.replication) do
        local answered, its = pcall(state.ask, address)
        if answered and its.leads then return address end
    end
end

local function ask_for_pause()
    leader:call('replica_set.pause', {PAUSE_SECONDS}, {timeout = PAUSE_SECONDS - ASK_AGAIN_SECONDS})
end

local function keep_paused()
    while leader ~= nil do
        pcall(ask_for_pause)
        fiber.sleep(ASK_AGAIN_SECONDS)
    end
end

-- The options of box.cfg. An instance with data begins alone and finds the others later, once it can be seen who they
-- are. An empty one joins the leader; without a leader it waits for all to be there, and MTS_BOOTSTRAP says who begins
-- the set.
function M.configure(to, options)
    settings = to
    move_aside()
    options.replication_synchro_quorum = settings.synchro_quorum
    options.replication_synchro_timeout = settings.synchro_timeout
    options.replication_connect_quorum = 0
    if settings.read_only == nil then options.read_only = true end
    if #fio.glob(path('*.snap')) > 0 then return end
    local address = find_leader()
    if address ~= nil then
        leader = state.connect(address)
        ask_for_pause()
        fiber.create(keep_paused)
    end
    options.instance_uuid = identity()
    options.replication = {}
    for _, one in ipairs(address and {address} or settings.replication) do
        table.insert(options.replication, state.uri(one))
    end
    options.replication_connect_quorum = #options.replication
    if settings.read_only == nil then options.read_only = address ~= nil or not settings.bootstrap end
end

-- After box.cfg.
function M.joined()
    fio.unlink(path('joins-as'))
    if leader ~= nil then pcall(leader.call, leader, 'replica_set.resume', {}, {timeout = state.ANSWER_SECONDS}) end
    leader = nil
end

function M.on_serve(callback) M.serve = callback end

-- Not while more replicas than needed take rows from the leader, see replica_set.lua; but not for ever.
local function resume_in_time()
    while fiber.time() < paused_until or (M.is_crowded() and fiber.time() < paused_until + CROWD_SECONDS) do
        fiber.sleep(LOOK_SECONDS)
    end
    is_paused = false
    bears_crowd = M.is_crowded()
    if not box.info.ro then M.serve(true) end
    log.info('replica set: serves again')
end

-- Whether more replicas than needed take rows from this instance.
function M.is_crowded()
    return settings.synchro_quorum > 1 and state.leads() and state.followers() > state.current().quorum
end

-- Refuses publishers for that long, and until is_crowded() ends.
local function refuse(seconds, reason)
    paused_until = math.max(paused_until, fiber.time() + seconds)
    if is_paused then return end
    is_paused = true
    log.info('replica set: pauses, because %s', reason)
    M.serve(false)
    fiber.create(resume_in_time)
end

-- Whether an instance joins now: then nothing may be written that waits for a quorum.
function M.is_joining() return is_paused and fiber.time() < paused_until end

-- For an instance that joins. When it returns, everything before is confirmed and nothing more is written.
function M.pause(seconds)
    if not state.leads() then error('this instance does not lead', 0) end
    if M.is_joining() and is_quiet then
        paused_until = fiber.time() + seconds
        return
    end
    refuse(seconds, 'an instance joins')
    is_quiet = false
    repeat  -- a row may itself wait for a later one
        if state.confirming() < CONFIRMING_AT_ONCE then state.confirm() end
        fiber.sleep(LOOK_SECONDS)
        paused_until = math.max(paused_until, fiber.time() + seconds)
    until state.confirming() == 0
    is_quiet = true
end

-- Publishing meets a fault of Tarantool as long as there is a crowd.
function M.avoid_crowd()
    while true do
        local is_crowded = M.is_crowded()
        bears_crowd = bears_crowd and is_crowded
        if is_crowded and not bears_crowd then refuse(0, 'more replicas than needed take rows from it') end
        fiber.sleep(LOOK_SECONDS)
    end
end

function M.resume() paused_until = math.min(paused_until, fiber.time()) end

-- The data of an instance that is out of the set go when it starts again, which whatever supervises it does at once.
function M.rejoin(term)
    if not box.info.ro or state.current().term >= term then error('this instance belongs to the set', 0) end
    write('rejoin', box.info.uuid)
    log.warn('replica set: out of the set since term %d; ends here, to join anew', term)
    fiber.create(function()
        fiber.sleep(LOOK_SECONDS)  -- for the answer to leave
        os.exit(1)
    end)
    return true
end

return M
