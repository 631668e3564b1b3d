-- The spaces and indexes of SCHEMA.md: made where they are not there, and brought up from the quick start's plain ones.
-- Everything here can be stopped anywhere and run again.

local log = require('log')
local msgpack = require('msgpack')

local M = {}

local VERSION_KEY = 'minitoolstream_schema'
local VERSION = 1
local MESSAGE_FIELDS = 11
local ROWS_IN_A_STEP = 1000

local MESSAGE_FORMAT = {
    {name = 'sequence', type = 'unsigned'},
    {name = 'headers', type = 'map'},
    {name = 'object_name', type = 'string'},
    {name = 'subject', type = 'string'},
    {name = 'create_at', type = 'unsigned'},
    {name = 'data_msgpack', type = 'any', is_nullable = true},
    {name = 'time', type = 'unsigned'},
    {name = 'size', type = 'unsigned'},
    {name = 'kind', type = 'unsigned'},
    {name = 'offset', type = 'unsigned'},
    {name = 'crc32c', type = 'unsigned'},
}

local CONSUMERS_FORMAT = {
    {name = 'durable_name', type = 'string'},
    {name = 'subject', type = 'string'},
    {name = 'last_sequence', type = 'unsigned'},
    {name = 'active_time', type = 'unsigned', is_nullable = true},
}

local SUBJECT_FORMAT = {
    {name = 'name', type = 'string'},
    {name = 'last_sequence', type = 'unsigned'},
    {name = 'last_time', type = 'unsigned'},
    {name = 'messages', type = 'unsigned'},
    {name = 'bytes', type = 'unsigned'},
}

local MESSAGE_ID_FORMAT = {
    {name = 'subject', type = 'string'},
    {name = 'message_id', type = 'string'},
    {name = 'sequence', type = 'unsigned'},
    {name = 'time', type = 'unsigned'},
}

local APPEND_CALL_FORMAT = {
    {name = 'caller', type = 'string'},
    {name = 'slot', type = 'unsigned'},
    {name = 'call', type = 'unsigned'},
    {name = 'time', type = 'unsigned'},
    {name = 'results', type = 'any'},
}

local function space(name)
    return box.space[name] or box.schema.space.create(name)
end

local function index(of, name, parts, unique)
    if of.index[name] == nil then of:create_index(name, {parts = parts, unique = unique}) end
end

local function make_spaces()
    local message = space('message')
    index(message, 'primary', {{1, 'unsigned'}}, true)
    index(message, 'subject', {{4, 'string'}}, false)
    index(message, 'subject_sequence', {{4, 'string'}, {1, 'unsigned'}}, true)
    index(message, 'create_at', {{5, 'unsigned'}}, false)
    index(message, 'object_name', {{3, 'string'}}, false)
    local consumers = space('consumers')
    index(consumers, 'primary', {{1, 'string'}, {2, 'string'}}, true)
    index(consumers, 'subject', {{2, 'string'}}, false)
    index(consumers, 'subject_durable', {{2, 'string'}, {1, 'string'}}, true)
    local subject = space('subject')
    index(subject, 'primary', {{1, 'string'}}, true)
    local message_id = space('message_id')
    index(message_id, 'primary', {{1, 'string'}, {2, 'string'}}, true)
    index(message_id, 'sequence', {{3, 'unsigned'}}, true)
    local append_call = space('append_call')
    index(append_call, 'primary', {{1, 'string'}, {2, 'unsigned'}}, true)
    index(append_call, 'time', {{4, 'unsigned'}}, false)
    box.schema.sequence.create('message_sequence', {min = 1, if_not_exists = true})
end

local function is_map(value)
    return type(value) == 'table' and next(value) ~= nil and value[1] == nil
end

-- A row of the existing system as ours.
local function converted(row)
    local headers = row[2]
    if not is_map(headers) then headers = setmetatable({}, {__serialize = 'map'}) end
    local data = row[6]
    if data == nil or data == '' then data = box.NULL end
    if data ~= nil and type(data) ~= 'string' then data = msgpack.encode(data) end
    local kind = (data == nil and row[3] ~= '') and 2 or 0
    local size = data ~= nil and #data or 0
    return {row[1], headers, kind == 2 and row[3] or '', row[4], row[5], data, row[5] * 1000000ULL, size, kind, 0, 0}
end

-- Calls `change` with each row, in transactions of some rows each.
local function for_each_message(change)
    local after = 0
    while true do
        local rows = box.space.message:select({after}, {iterator = 'GT', limit = ROWS_IN_A_STEP})
        if #rows == 0 then return end
        box.atomic(function()
            for _, row in ipairs(rows) do change(row) end
        end)
        after = rows[#rows][1]
    end
end

local function convert_messages()
    local changed = 0
    for_each_message(function(row)
        if #row >= MESSAGE_FIELDS then return end
        box.space.message:replace(converted(row))
        changed = changed + 1
    end)
    if changed > 0 then log.info('schema: %d messages were brought to version %d', changed, VERSION) end
end

local function count_subjects()
    for _, row in box.space.subject:pairs() do box.space.subject:delete(row[1]) end
    for_each_message(function(row)
        local known = box.space.subject:get(row[4])
        local messages, bytes = 0, 0
        if known ~= nil then messages, bytes = known[4], known[5] end
        box.space.subject:replace({row[4], row[1], row[7], messages + 1, bytes + row[8]})
    end)
    local last = box.space.message.index.primary:max()
    if last ~= nil then box.sequence.message_sequence:set(last[1]) end
end

local FORMATS = {
    message = MESSAGE_FORMAT,
    consumers = CONSUMERS_FORMAT,
    subject = SUBJECT_FORMAT,
    message_id = MESSAGE_ID_FORMAT,
    append_call = APPEND_CALL_FORMAT,
}

local function has_format(of, format)
    for i, field in ipairs(format) do
        local found = of:format()[i]
        if found == nil or found.name ~= field.name or found.type ~= field.type then return false end
    end
    return true
end

local function set_formats()
    for name, format in pairs(FORMATS) do
        if not has_format(box.space[name], format) then box.space[name]:format(format) end
    end
end

local function version()
    local row = box.space._schema:get(VERSION_KEY)
    return row ~= nil and row[2] or 0
end

-- In a replica set every transaction writes a row to `quorum`, which keeps nothing: the one synchronous space makes it
-- wait for the quorum. Spaces with rows are not synchronous, because Tarantool 2.6 never comes to the end of a snapshot
-- that has a row of a synchronous space.
local function wait_for_quorum(is_replicated)
    for _, name in ipairs({'message', 'consumers', 'replica_set'}) do
        local of = box.space[name]
        -- 2.6 has no alter() for spaces.
        if of ~= nil and of.is_sync then box.space._space:update(of.id, {{'=', 6, {is_sync = false}}}) end
    end
    if is_replicated and box.space.quorum == nil then
        box.schema.space.create('quorum', {engine = 'blackhole', is_sync = true})
    elseif not is_replicated and box.space.quorum ~= nil then
        box.space.quorum:drop()
    end
end

-- On the writable instance.
function M.apply(settings)
    local found = version()
    if found > VERSION then
        error(('the schema has version %d, this program knows %d: start the newer one'):format(found, VERSION), 0)
    end
    if box.space.message == nil then
        box.atomic(make_spaces)
    else
        make_spaces()  -- building an index over rows yields
    end
    if found < VERSION then
        convert_messages()
        count_subjects()
    end
    set_formats()
    if found < VERSION then
        box.space._schema:replace({VERSION_KEY, VERSION})
    end
    wait_for_quorum(settings.replicated)
end

return M
