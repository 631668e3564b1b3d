-- The functions in the schema, and who may call them: the user may execute them and read `message` and `consumers`,
-- nothing else. The functions run with their owner's rights.

local log = require('log')

local M = {}

M.SERVICE_FUNCTIONS = {
    'start', 'hello', 'append', 'read', 'read_one', 'last', 'last_before', 'position', 'advance', 'reset',
    'delete_consumer', 'wait', 'subjects', 'consumers', 'info', 'count_after', 'expire', 'named',
    'live_bytes', 'payloads_of', 'move_payloads',
}

local INTERNAL = {start = true}

local function set_password(user, password)
    local hash = box.schema.user.password(password)
    local row = box.space._user.index.name:get(user)
    if row[5]['chap-sha1'] ~= hash then box.schema.user.passwd(user, password) end
end

local function make_user(user, password)
    box.schema.user.create(user, {if_not_exists = true})
    set_password(user, password)
end

-- The C functions that init.lua itself needs.
function M.make_service_functions()
    box.atomic(function()
        for _, name in ipairs(M.SERVICE_FUNCTIONS) do
            box.schema.func.create('mts.' .. name, {language = 'C', setuid = true, if_not_exists = true})
        end
    end)
end

local function apply(settings, client_functions)
    make_user(settings.user, settings.password)
    local is_local = settings.listen:match('^127%.') or settings.listen:match('^localhost:')
    if settings.password == 'changeme' and not is_local then
        log.warn('user %s has the password that everybody knows: set MTS_PASSWORD', settings.user)
    end
    for _, name in ipairs(client_functions) do
        box.schema.func.create(name, {setuid = true, if_not_exists = true})
    end
    -- The existing system's scripts allow everything.
    box.schema.user.revoke(settings.user, 'read,write,execute', 'universe', nil, {if_exists = true})
    local may = {if_not_exists = true}
    local function grant(what, kind, name) box.schema.user.grant(settings.user, what, kind, name, may) end
    for _, name in ipairs(M.SERVICE_FUNCTIONS) do
        if not INTERNAL[name] then grant('execute', 'function', 'mts.' .. name) end
    end
    for _, name in ipairs(client_functions) do grant('execute', 'function', name) end
    for _, name in ipairs({'message', 'consumers'}) do grant('read', 'space', name) end
    if settings.replicated then
        make_user(settings.replication_user, settings.replication_password)
        box.schema.user.grant(settings.replication_user, 'replication', nil, nil, may)
    end
end

-- On the writable instance; `client_functions` are the names of the plain ones. One transaction: a start with some fifty
-- writes one after another would take its time.
function M.apply(settings, client_functions)
    box.atomic(apply, settings, client_functions)
end

return M
