//go:build ignore

// The schema and the functions below the gRPC ones: spaces, publishing, reading by sequence and subject, positions.
package main

import (
	"fmt"
	"time"

	"github.com/tarantool/go-tarantool/v2"

	"minitoolstream/check"
	"minitoolstream/connect"
)

var conn *tarantool.Connection

// The first value that a function answers.
func call(function string, arguments ...interface{}) interface{} {
	response, err := conn.Call(function, arguments)
	check.NoError(function, err)
	if len(response) == 0 {
		return nil
	}
	return response[0]
}

// Any integer as one type: plain functions and selects answer whatever width they like.
func number(value interface{}) uint64 {
	var n uint64
	if _, err := fmt.Sscan(fmt.Sprint(value), &n); err != nil {
		check.NoError(fmt.Sprintf("%v is a number", value), err)
	}
	return n
}

func sequences(messages interface{}) (list []uint64) {
	for _, message := range messages.([]interface{}) {
		list = append(list, number(message.([]interface{})[0]))
	}
	return list
}

func checkSchema() {
	schema, err := tarantool.GetSchema(conn)
	check.NoError("schema", err)
	message, found := schema.Spaces["message"]
	check.True("space message", found, "is not there")
	for id, name := range []string{"sequence", "headers", "object_name", "subject", "create_at"} {
		check.Equal("message: field "+name, message.FieldsById[uint32(id)].Name, name)
	}
	for _, index := range []string{"primary", "subject", "subject_sequence", "create_at"} {
		_, found := message.Indexes[index]
		check.True("message: index "+index, found, "is not there")
	}
	consumers, found := schema.Spaces["consumers"]
	check.True("space consumers", found, "is not there")
	for id, name := range []string{"durable_name", "subject", "last_sequence"} {
		check.Equal("consumers: field "+name, consumers.FieldsById[uint32(id)].Name, name)
	}
	for _, index := range []string{"primary", "subject"} {
		_, found := consumers.Indexes[index]
		check.True("consumers: index "+index, found, "is not there")
	}
}

func checkSelects(subject string, first, last uint64) {
	// A key of an index is compared in its shortest form, which this client sends of a uint, not of a uint64.
	rows, err := conn.Select("message", "primary", 0, 1, tarantool.IterEq, []interface{}{uint(first)})
	check.NoError("select by sequence", err)
	check.Equal("select by sequence", sequences(rows), []uint64{first})
	rows, err = conn.Select("message", "subject", 0, 10, tarantool.IterEq, []interface{}{subject})
	check.NoError("select by subject", err)
	check.Equal("select by subject", sequences(rows), []uint64{first, last})
	rows, err = conn.Select("consumers", "primary", 0, 1, tarantool.IterEq, []interface{}{"reader", subject})
	check.NoError("select of a consumer", err)
	check.Equal("select of a consumer", len(rows), 1)
}

func main() {
	conn = connect.Open()
	defer conn.Close()
	checkSchema()

	subject := fmt.Sprintf("schema.%d", time.Now().UnixNano())
	headers := map[string]interface{}{"content-type": "text/plain", "retries": 3}
	first := number(call("publish_message", subject, "objects/1", headers))
	number(call("publish_message", subject+".other", "objects/2", map[string]interface{}{}))
	last := number(call("publish_message", subject, "objects/3", headers))
	check.True("sequences grow over all subjects", last > first+1, fmt.Sprint(first, last))

	message := call("get_message_by_sequence", first).([]interface{})
	check.Equal("get_message_by_sequence: object_name", message[2], "objects/1")
	check.Equal("get_message_by_sequence: subject", message[3], subject)
	check.Equal("get_message_by_sequence: header", message[1].(map[interface{}]interface{})["content-type"], "text/plain")
	check.Equal("get_message_by_sequence of none", call("get_message_by_sequence", last+1000), nil)
	check.Equal("get_messages_by_subject", sequences(call("get_messages_by_subject", subject, first, 10)), []uint64{first, last})
	check.Equal("get_messages_by_subject with a limit", sequences(call("get_messages_by_subject", subject, first, 1)), []uint64{first})
	check.Equal("get_messages_by_subject from a number of another subject",
		sequences(call("get_messages_by_subject", subject, first+1, 10)), []uint64{last})
	check.Equal("get_latest_sequence_for_subject", number(call("get_latest_sequence_for_subject", subject)), last)
	check.Equal("get_subject_message_count", number(call("get_subject_message_count", subject)), uint64(2))

	check.Equal("get_consumer_position of none", number(call("get_consumer_position", "reader", subject)), uint64(0))
	check.Equal("update_consumer_position", call("update_consumer_position", "reader", subject, first), true)
	check.Equal("get_consumer_position", number(call("get_consumer_position", "reader", subject)), first)
	check.Equal("get_new_messages_count", number(call("get_new_messages_count", subject, "reader")), last-first)
	consumers := call("get_consumers_by_subject", subject).([]interface{})
	check.Equal("get_consumers_by_subject", len(consumers), 1)
	checkSelects(subject, first, last)
	check.Finish()
}
