-- Starts Tarantool as MiniToolStream's metadata store: tarantool init.lua. Settings come from the environment, see
-- mts/settings.lua and docs/operations.md; schema and functions are in SCHEMA.md. Starting again changes nothing.

local fiber = require('fiber')
local fio = require('fio')
local log = require('log')
local msgpack = require('msgpack')

local here = fio.abspath(fio.dirname(arg[0] or 'init.lua'))
package.path = fio.pathjoin(here, '?.lua') .. ';' .. package.path
-- The library lies beside this file, or where MTS_MODULE_DIR says.
package.cpath = fio.pathjoin(os.getenv('MTS_MODULE_DIR') or here, '?.so') .. ';' .. package.cpath

local access = require('mts.access')
local replica_set = require('mts.replica_set')
local schema = require('mts.schema')
local settings = require('mts.settings').read()

-- Publishing stops while this much of the memory is used, so that removal, positions and snapshots go on.
local MEMORY_LIMIT = 0.9
local MEMORY_CHECK_SECONDS = 0.1

local function configure()
    local options = {
        work_dir = settings.work_dir,
        memtx_memory = settings.memory,
        memtx_max_tuple_size = 4 * 1024 * 1024,
        wal_mode = settings.wal_mode,
        readahead = 1024 * 1024,
        net_msg_max = 10000,
        log_level = settings.log_level,
        feedback_enabled = false,
        read_only = settings.read_only or false,
    }
    if settings.replicated then
        options.listen = settings.listen
        replica_set.configure(settings, options)
    end
    box.cfg(options)
    if settings.replicated then replica_set.start() end
end

-- The library is copied and opened at the first call of each function: all of that happens now, so that a missing
-- library or a TMPDIR without room or execution stops the start, not a client.
local function load_library()
    local durability = settings.wal_mode == 'fsync' and 'commit' or 'none'
    box.func['mts.start']:call({box.info.uuid, durability})
    for _, name in ipairs(access.SERVICE_FUNCTIONS) do
        local known = box.func['mts.' .. name]  -- nil: newer than the schema, made when this instance is writable
        if name ~= 'start' and known ~= nil then pcall(known.call, known) end
    end
    return package.loaded['mts.functions']
end

-- The plain names of the quick start: what they return is made by the library, see tarantool/src/lua_functions.h.
local function define_client_functions(functions)
    local names = {}
    for name, call in pairs(functions.clients) do
        rawset(_G, name, function(...) return call(msgpack.encode({...})) end)
        table.insert(names, name)
    end
    table.sort(names)
    return names
end

local function memory_is_short()
    local slab = box.slab.info()
    return slab.arena_used > slab.quota_size * MEMORY_LIMIT
end

local function watch_memory(functions)
    fiber.name('mts_memory')
    local was_short = false
    while true do
        local short = memory_is_short()
        if short ~= was_short then
            log.warn('memory: %s', short and 'nearly full, publishing is refused' or 'there is room again')
        end
        was_short = short
        functions.set_memory_short(short)
        fiber.sleep(MEMORY_CHECK_SECONDS)
    end
end

local function become_writable(functions, client_functions)
    access.make_service_functions()
    schema.apply(settings)
    access.apply(settings, client_functions)
    if settings.replicated then replica_set.apply_schema() end
    functions.set_writable(not settings.replicated or replica_set.has_begun())
    log.info('minitoolstream: this instance is writable')
end

local function watch_role(functions, client_functions)
    fiber.name('mts_role')
    while true do
        box.ctl.wait_rw()
        local ok, problem = pcall(become_writable, functions, client_functions)
        if ok then
            box.ctl.wait_ro()
            functions.set_writable(false)
            log.info('minitoolstream: this instance is read-only')
        else
            log.error('minitoolstream: not writable yet, trying again: %s', problem)
            fiber.sleep(1)
        end
    end
end

local function listen_for_consoles()
    if settings.console_socket == '' then return end
    local ok, problem = pcall(function()
        fio.mktree(fio.dirname(settings.console_socket))
        fio.unlink(settings.console_socket)
        require('console').listen(settings.console_socket)
    end)
    if not ok then log.warn('no console at %s: %s', settings.console_socket, problem) end
end

if not fio.path.exists(settings.work_dir) then fio.mktree(settings.work_dir) end
configure()
if not box.info.ro then access.make_service_functions() end
while box.func['mts.start'] == nil do fiber.sleep(0.05) end  -- it comes from the instance that makes the schema
local functions = load_library()
replica_set.on_serve(functions.set_writable)
local client_functions = define_client_functions(functions)
if not box.info.ro then become_writable(functions, client_functions) end
fiber.create(watch_memory, functions)
fiber.create(watch_role, functions, client_functions)
listen_for_consoles()
box.cfg({listen = settings.listen})
log.info('minitoolstream: ready, %s, wal_mode %s%s', settings.listen, settings.wal_mode,
    settings.wal_mode == 'fsync' and '' or ': what was answered can be lost when the machine fails')
