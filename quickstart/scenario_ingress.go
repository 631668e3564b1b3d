//go:build ignore

// Scenario 1 of the quick start: an ingress service puts the payload into MinIO and publishes where it lies.
package main

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"minitoolstream/check"
	"minitoolstream/connect"
	"minitoolstream/objects"
)

var (
	ctx           = context.Background()
	tarantoolConn = connect.Open()
	minioClient   *objects.Client
	bucket        = objects.Bucket()
	key           string
)

func PublishMessage(subject string, data []byte, headers map[string]string) (uint64, error) {
	// 1. Загрузить data в MinIO
	objectName, err := minioClient.PutObject(ctx, bucket, key, bytes.NewReader(data))
	if err != nil {
		return 0, err
	}

	// 2. Сохранить метаданные в Tarantool
	resp, err := tarantoolConn.Call("grpc_publish", []interface{}{
		subject,
		objectName,
		headers,
	})
	if err != nil {
		return 0, err
	}

	result := resp[0].(map[interface{}]interface{})
	sequence := result["sequence"].(uint64)
	statusCode := result["status_code"].(int64)

	if statusCode != 0 {
		return 0, fmt.Errorf("publish failed: %v", result["error_message"])
	}

	return sequence, nil
}

func main() {
	defer tarantoolConn.Close()
	var err error
	minioClient, err = objects.Open(ctx)
	check.NoError("objects", err)

	var last uint64
	for i := 1; i <= 3; i++ {
		key = fmt.Sprintf("scenario/%d-%d.txt", time.Now().UnixNano(), i)
		data := []byte(fmt.Sprintf("payload of %s", key))
		sequence, err := PublishMessage("scenario", data, map[string]string{"content-type": "text/plain", "object": key})
		check.NoError("publish", err)
		check.True(fmt.Sprintf("published as %d", sequence), sequence > last, fmt.Sprintf("after %d", last))
		last = sequence
	}
	key = "scenario/refused.txt"
	_, err = PublishMessage("not a subject", []byte("x"), map[string]string{})
	check.True("a subject with spaces is refused", err != nil, "it was not")
	fmt.Println(err)
	check.Finish()
}
