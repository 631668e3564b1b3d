//go:build ignore

// The quick start's section "Использование API", call by call as it stands there, with what must come back.
package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/tarantool/go-tarantool/v2"

	"minitoolstream/check"
	"minitoolstream/connect"
	"minitoolstream/objects"
)

// The document's GetObject takes just a name; its bytes are where scenario 1 puts them.
type objectReader struct{ objects *objects.Client }

func (r objectReader) GetObject(objectName string) []byte {
	data, err := r.objects.GetObject(context.Background(), objects.Bucket(), objectName)
	check.NoError("get "+objectName, err)
	return data
}

var minioClient objectReader

var processed [][]byte

func processMessage(data []byte) { processed = append(processed, data) }

func publish(conn *tarantool.Connection) uint64 {
	resp, err := conn.Call("grpc_publish", []interface{}{
		"orders",                    // subject
		"minio/orders/12345.json",   // object_name (путь в MinIO)
		map[string]interface{}{      // headers
			"content-type": "application/json",
			"source": "api-gateway",
		},
	})
	check.NoError("grpc_publish", err)

	result := resp[0].(map[interface{}]interface{})
	sequence := result["sequence"].(uint64)
	statusCode := result["status_code"].(int64)

	check.Equal("grpc_publish: status_code", statusCode, int64(0))
	message, present := result["error_message"]
	check.True("grpc_publish: error_message is there and nil", present && message == nil, fmt.Sprint(result))
	check.True("grpc_publish: sequence", sequence > 0, fmt.Sprint(sequence))
	return sequence
}

func lastSequence(conn *tarantool.Connection) uint64 {
	resp, err := conn.Call("grpc_get_last_sequence", []interface{}{"orders"})
	check.NoError("grpc_get_last_sequence", err)
	result := resp[0].(map[interface{}]interface{})
	lastSeq := result["last_sequence"].(uint64)
	return lastSeq
}

// Fetches with acknowledging by hand until nothing is left; answers the sequences.
func fetchAll(conn *tarantool.Connection) (sequences []uint64) {
	for {
		// Получить batch сообщений
		resp, err := conn.Call("grpc_fetch", []interface{}{
			"orders",        // subject
			"consumer-1",    // durable_name
			10,              // batch_size
			false,           // auto_ack = false (ручное подтверждение)
		})
		check.NoError("grpc_fetch", err)

		messages := resp[0].([]interface{})
		if len(messages) == 0 {
			return sequences
		}

		// Обработать сообщения
		for _, m := range messages {
			msg := m.([]interface{})
			sequence := msg[0].(uint64)
			headers := msg[1].(map[interface{}]interface{})
			objectName := msg[2].(string)
			subject := msg[3].(string)
			createAt := msg[4].(uint64)

			// Загрузить данные из MinIO
			data := minioClient.GetObject(objectName)

			// Обработать
			processMessage(data)

			sequences = append(sequences, sequence)
			if sequence == lastSequence(conn) {
				check.Equal("grpc_fetch: content-type", headers["content-type"], "application/json")
				check.Equal("grpc_fetch: source", headers["source"], "api-gateway")
				check.Equal("grpc_fetch: object_name", objectName, "minio/orders/12345.json")
				check.Equal("grpc_fetch: subject", subject, "orders")
				age := time.Since(time.Unix(int64(createAt), 0))
				check.True("grpc_fetch: create_at", age > -time.Minute && age < time.Hour, age.String())
			}
		}

		// Подтвердить обработку
		if len(messages) > 0 {
			lastMsg := messages[len(messages)-1].([]interface{})
			lastSeq := lastMsg[0].(uint64)

			conn.Call("grpc_ack", []interface{}{
				"consumer-1",
				"orders",
				lastSeq,
			})
		}
	}
}

func hasNew(conn *tarantool.Connection) (bool, uint64) {
	resp, err := conn.Call("check_new_messages", []interface{}{
		"orders",       // subject
		"consumer-1",   // consumer_group
	})
	check.NoError("check_new_messages", err)

	result := resp[0].(map[interface{}]interface{})
	hasNew := result["has_new"].(bool)
	latestSeq := result["latest_sequence"].(uint64)

	if hasNew {
		fmt.Printf("New messages available! Latest sequence: %d\n", latestSeq)
		// Отправить notification клиенту через gRPC stream
	}
	return hasNew, latestSeq
}

func peek(conn *tarantool.Connection) []interface{} {
	resp, err := conn.Call("grpc_peek", []interface{}{
		"orders",
		"consumer-1",
		5,  // batch_size
	})
	check.NoError("grpc_peek", err)

	messages := resp[0].([]interface{})
	// Позиция consumer не изменилась
	return messages
}

func acknowledge(conn *tarantool.Connection, sequence uint64) interface{} {
	resp, err := conn.Call("grpc_ack", []interface{}{"consumer-1", "orders", sequence})
	check.NoError("grpc_ack", err)
	return resp[0]
}

func main() {
	ctx := context.Background()
	client, err := objects.Open(ctx)
	check.NoError("objects", err)
	minioClient = objectReader{client}
	data := []byte(`{"order": 12345}`)
	_, err = client.PutObject(ctx, objects.Bucket(), "minio/orders/12345.json", bytes.NewReader(data))
	check.NoError("put the object", err)

	conn := connect.Open()
	defer conn.Close()

	first := publish(conn)
	second := publish(conn)
	check.True("sequences grow", second > first, fmt.Sprint(first, second))
	check.Equal("grpc_get_last_sequence", lastSequence(conn), second)

	news, latest := hasNew(conn)
	check.Equal("check_new_messages: has_new", news, true)
	check.Equal("check_new_messages: latest_sequence", latest, second)
	before := peek(conn)
	check.Equal("grpc_peek leaves the position where it is", peek(conn), before)

	sequences := fetchAll(conn)
	check.True("grpc_fetch brings both, in order",
		len(sequences) >= 2 && sequences[len(sequences)-2] == first && sequences[len(sequences)-1] == second,
		fmt.Sprint(sequences))
	check.Equal("the payload", processed[len(processed)-1], data)
	news, _ = hasNew(conn)
	check.Equal("check_new_messages after the acknowledgement", news, false)
	check.Equal("nothing is left to peek at", len(peek(conn)), 0)

	check.Equal("grpc_ack of the same", acknowledge(conn, second), false)
	check.Equal("grpc_ack of a lower one", acknowledge(conn, first), false)
	check.Equal("grpc_ack past the last message", acknowledge(conn, second+1000), false)
	third := publish(conn)
	check.Equal("the message after a refused acknowledgement is fetched", fetchAll(conn), []uint64{third})
	check.Finish()
}
