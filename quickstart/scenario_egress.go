//go:build ignore

// Scenario 2 of the quick start: an egress service fetches, brings the payloads from MinIO, and acknowledges. It reads what
// scenario_ingress.go has published.
package main

import (
	"context"
	"fmt"
	"strings"

	"minitoolstream/check"
	"minitoolstream/connect"
	"minitoolstream/objects"
)

type Message struct {
	Sequence uint64
	Subject  string
	Data     []byte
	Headers  map[string]string
}

var (
	ctx           = context.Background()
	tarantoolConn = connect.Open()
	minioClient   *objects.Client
	bucket        = objects.Bucket()
)

func convertHeaders(headers map[interface{}]interface{}) map[string]string {
	converted := make(map[string]string, len(headers))
	for key, value := range headers {
		converted[fmt.Sprint(key)] = fmt.Sprint(value)
	}
	return converted
}

func FetchMessages(subject, durableName string, batchSize int) ([]*Message, error) {
	// 1. Fetch batch из Tarantool
	resp, err := tarantoolConn.Call("grpc_fetch", []interface{}{
		subject,
		durableName,
		batchSize,
		false, // manual ack
	})
	if err != nil {
		return nil, err
	}

	tuples := resp[0].([]interface{})
	messages := make([]*Message, 0, len(tuples))

	// 2. Для каждого tuple загрузить данные из MinIO
	for _, t := range tuples {
		tuple := t.([]interface{})
		sequence := tuple[0].(uint64)
		headers := tuple[1].(map[interface{}]interface{})
		objectName := tuple[2].(string)

		// Загрузить data из MinIO
		data, err := minioClient.GetObject(ctx, bucket, objectName)
		if err != nil {
			return nil, err
		}

		messages = append(messages, &Message{
			Sequence: sequence,
			Subject:  subject,
			Data:     data,
			Headers:  convertHeaders(headers),
		})
	}

	// 3. После успешной обработки - подтвердить
	if len(tuples) > 0 {
		lastSeq := tuples[len(tuples)-1].([]interface{})[0].(uint64)
		tarantoolConn.Call("grpc_ack", []interface{}{
			durableName,
			subject,
			lastSeq,
		})
	}

	return messages, nil
}

func main() {
	defer tarantoolConn.Close()
	var err error
	minioClient, err = objects.Open(ctx)
	check.NoError("objects", err)

	var last uint64
	count := 0
	for {
		messages, err := FetchMessages("scenario", "scenario-reader", 2)
		check.NoError("fetch", err)
		if len(messages) == 0 {
			break
		}
		for _, message := range messages {
			check.True(fmt.Sprintf("message %d comes after %d", message.Sequence, last), message.Sequence > last, "")
			check.Equal("payload", string(message.Data), "payload of "+message.Headers["object"])
			check.True("object", strings.HasPrefix(message.Headers["object"], "scenario/"), message.Headers["object"])
			last = message.Sequence
			count++
		}
	}
	check.True("there was something to read", count > 0, "run scenario_ingress.go first")
	check.Finish()
}
