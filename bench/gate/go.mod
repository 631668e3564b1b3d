module minitoolstream/bench/gate

go 1.24.0

require (
	github.com/tarantool/go-tarantool/v2 v2.4.0
	github.com/vmihailenco/msgpack/v5 v5.4.1
)

require (
	github.com/tarantool/go-iproto v1.1.0 // indirect
	github.com/vmihailenco/tagparser/v2 v2.0.0 // indirect
)
