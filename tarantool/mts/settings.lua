-- The settings of init.lua from the environment. A value that is not understood stops the start and says why.

local M = {}

local function text(name, default)
    local value = os.getenv(name)
    if value == nil or value == '' then return default end
    return value
end

local function fail(name, value, expected)
    error(('%s=%s: must be %s'):format(name, value, expected), 0)
end

local function flag(name)
    local value = text(name)
    if value == nil then return nil end
    if value == 'true' or value == '1' then return true end
    if value == 'false' or value == '0' then return false end
    fail(name, value, 'true or false')
end

local function number(name, default)
    local value = text(name)
    if value == nil then return default end
    local parsed = tonumber(value)
    if parsed == nil or parsed < 0 then fail(name, value, 'a number that is not negative') end
    return parsed
end

-- Bytes, with K, M or G behind them if wanted.
local function size(name, default)
    local value = text(name)
    if value == nil then return default end
    local digits, unit = value:match('^(%d+)([KMG]?)i?B?$')
    if digits == nil then fail(name, value, 'a number of bytes such as 1073741824, 512M or 2G') end
    local factors = {[''] = 1, K = 2 ^ 10, M = 2 ^ 20, G = 2 ^ 30}
    return tonumber(digits) * factors[unit]
end

-- NAME, or the first line of the file that NAME_FILE names.
local function secret(name, default)
    local path = text(name .. '_FILE')
    if path == nil then return text(name, default) end
    local file, problem = io.open(path)
    if file == nil then error(('%s_FILE=%s: %s'):format(name, path, problem), 0) end
    local line = file:read('*l')
    file:close()
    if line == nil or line == '' then error(('%s_FILE=%s: the file is empty'):format(name, path), 0) end
    return line
end

local function list(name)
    local items = {}
    for item in text(name, ''):gmatch('[^,%s]+') do table.insert(items, item) end
    return items
end

local function one_of(name, default, allowed)
    local value = text(name, default)
    for _, one in ipairs(allowed) do
        if value == one then return value end
    end
    fail(name, value, 'one of ' .. table.concat(allowed, ', '))
end

function M.read()
    local settings = {
        listen = text('MTS_LISTEN', '127.0.0.1:3301'),
        user = text('MTS_USER', 'minitoolstream'),
        password = secret('MTS_PASSWORD', 'changeme'),
        work_dir = text('MTS_WORK_DIR', '.'),
        memory = size('MTS_MEMTX_MEMORY', 2 ^ 30),
        wal_mode = one_of('MTS_WAL_MODE', 'fsync', {'fsync', 'write', 'none'}),
        console_socket = os.getenv('MTS_CONSOLE_SOCKET') or '/var/run/tarantool/tarantool.sock',
        log_level = number('MTS_LOG_LEVEL', 5),
        replication = list('MTS_REPLICATION'),
        replication_user = text('MTS_REPLICATION_USER', 'replicator'),
        replication_password = secret('MTS_REPLICATION_PASSWORD'),
        bootstrap = flag('MTS_BOOTSTRAP') or false,
        -- Seconds until what finds no quorum is rolled back: not in practice, see mts/replica_set.lua.
        synchro_timeout = number('MTS_SYNCHRO_TIMEOUT', 365 * 86400),
        read_only = flag('MTS_READ_ONLY'),
    }
    settings.replicated = #settings.replication > 0
    settings.synchro_quorum = number('MTS_SYNCHRO_QUORUM', math.floor(#settings.replication / 2) + 1)
    if settings.replicated and settings.replication_password == nil then
        error('MTS_REPLICATION is set: MTS_REPLICATION_PASSWORD or MTS_REPLICATION_PASSWORD_FILE must be too', 0)
    end
    return settings
end

return M
