-- The quick start's functions on a real Tarantool with fsync before the answer, for comparison. MTS_LISTEN and MTS_DIR say
-- where.
box.cfg{
    listen = os.getenv('MTS_LISTEN'),
    work_dir = os.getenv('MTS_DIR'),
    wal_mode = 'fsync',
    memtx_memory = 2 * 1024 * 1024 * 1024,
    net_msg_max = 10000,
    log_level = 3,
}

box.once('schema', function()
    local message = box.schema.space.create('message', {format = {
        {name = 'sequence', type = 'unsigned'},
        {name = 'headers', type = 'map'},
        {name = 'object_name', type = 'string'},
        {name = 'subject', type = 'string'},
        {name = 'create_at', type = 'unsigned'},
    }})
    message:create_index('primary', {parts = {'sequence'}})
    message:create_index('subject', {parts = {'subject'}, unique = false})
    message:create_index('subject_sequence', {parts = {'subject', 'sequence'}})
    message:create_index('create_at', {parts = {'create_at'}, unique = false})
    local consumers = box.schema.space.create('consumers', {format = {
        {name = 'durable_name', type = 'string'},
        {name = 'subject', type = 'string'},
        {name = 'last_sequence', type = 'unsigned'},
    }})
    consumers:create_index('primary', {parts = {'durable_name', 'subject'}})
    box.schema.user.create('minitoolstream', {password = 'changeme'})
    box.schema.user.grant('minitoolstream', 'read,write,execute', 'universe')
end)

local last = box.space.message.index.primary:max()
local sequence = last and last[1] or 0

function grpc_publish(subject, object_name, headers)
    sequence = sequence + 1
    local own = sequence
    local ok, problem = pcall(box.space.message.insert, box.space.message,
        {own, headers, object_name, subject, os.time()})
    if ok then return {sequence = own, status_code = 0} end
    return {sequence = 0, status_code = 1, error_message = tostring(problem)}
end

function grpc_peek(subject, durable_name, batch_size)
    local consumer = box.space.consumers:get{durable_name, subject}
    local position = consumer and consumer[3] or 0
    local messages = {}
    for _, tuple in box.space.message.index.subject_sequence:pairs({subject, position + 1}, {iterator = 'GE'}) do
        if tuple[4] ~= subject or #messages >= batch_size then break end
        table.insert(messages, tuple)
    end
    return messages
end
