//go:build ignore

// What test_persistence_simple.sh does before and after a restart: `publish FILE` publishes, acknowledges a part and writes
// down what was answered; `check FILE` compares.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/tarantool/go-tarantool/v2"

	"minitoolstream/check"
	"minitoolstream/connect"
)

const messages = 1000

type record struct {
	Subject   string
	Sequences []uint64
	Position  uint64
}

func publish(conn *tarantool.Connection, subject string, number int) uint64 {
	resp, err := conn.Call("grpc_publish", []interface{}{
		subject, fmt.Sprintf("objects/%d", number), map[string]interface{}{"number": number},
	})
	check.NoError("grpc_publish", err)
	result := resp[0].(map[interface{}]interface{})
	if result["status_code"].(int64) != 0 {
		check.NoError("grpc_publish", fmt.Errorf("%v", result["error_message"]))
	}
	return result["sequence"].(uint64)
}

func publishAll(conn *tarantool.Connection) record {
	written := record{Subject: fmt.Sprintf("persistence.%d", time.Now().UnixNano())}
	for number := 0; number < messages; number++ {
		written.Sequences = append(written.Sequences, publish(conn, written.Subject, number))
	}
	written.Position = written.Sequences[messages/2-1]
	resp, err := conn.Call("grpc_ack", []interface{}{"persistent-reader", written.Subject, written.Position})
	check.NoError("grpc_ack", err)
	check.Equal("grpc_ack", resp[0], true)
	return written
}

// The sequences from a place on, and whether each message is the one that was published.
func read(conn *tarantool.Connection, function string, arguments ...interface{}) (sequences []uint64, whole bool) {
	resp, err := conn.Call(function, arguments)
	check.NoError(function, err)
	whole = true
	for _, m := range resp[0].([]interface{}) {
		msg := m.([]interface{})
		sequences = append(sequences, msg[0].(uint64))
		number := fmt.Sprint(msg[1].(map[interface{}]interface{})["number"])
		whole = whole && msg[2] == "objects/"+number
	}
	return sequences, whole
}

func checkAll(conn *tarantool.Connection, written record) {
	all, whole := read(conn, "grpc_peek", written.Subject, "nobody", messages+1)
	check.Equal("all messages are there", all, written.Sequences)
	check.Equal("they are as they were", whole, true)
	rest, _ := read(conn, "grpc_fetch", written.Subject, "persistent-reader", messages, false)
	check.Equal("the consumer goes on where it was", rest, written.Sequences[messages/2:])
	next := publish(conn, written.Subject, messages)
	check.True("numbers go on above", next > written.Sequences[messages-1], fmt.Sprint(next))
}

func main() {
	conn := connect.Open()
	defer conn.Close()
	file := os.Args[2]
	if os.Args[1] == "publish" {
		text, err := json.Marshal(publishAll(conn))
		check.NoError("record", err)
		check.NoError("record", os.WriteFile(file, text, 0o600))
		return
	}
	text, err := os.ReadFile(file)
	check.NoError("record", err)
	var written record
	check.NoError("record", json.Unmarshal(text, &written))
	checkAll(conn, written)
	check.Finish()
}
