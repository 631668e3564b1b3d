// Measures the quick start's calls through port 3301, with the client of the quick start: the same program against the gate
// and against a Tarantool (run.sh does both). One JSON line for each measurement.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tarantool/go-tarantool/v2"
	"github.com/vmihailenco/msgpack/v5"
)

var (
	address  = flag.String("address", "127.0.0.1:3301", "where the server listens")
	name     = flag.String("name", "", "what the measurement is called")
	seconds  = flag.Float64("seconds", 4, "how long each takes")
	inFlight = flag.Int("in-flight", 64, "calls under way")
	only     = flag.String("only", "", "measure only what begins so")
	services = flag.Bool("services", false, "measure the functions for the services (SCHEMA.md)")
	idle     = flag.Int("idle", 0, "only hold this many idle connections until a line comes on stdin")
)

type result struct {
	Name       string  `json:"name"`
	What       string  `json:"what"`
	InFlight   int     `json:"in_flight"`
	PerSecond  float64 `json:"per_second"`
	P50Micros  float64 `json:"p50_us"`
	P99Micros  float64 `json:"p99_us"`
	MaxMicros  float64 `json:"max_us"`
	Operations int     `json:"operations"`
}

func connect() *tarantool.Connection {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := tarantool.Connect(ctx, tarantool.NetDialer{Address: *address, User: "minitoolstream", Password: "changeme"},
		tarantool.Opts{})
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

// Calls `one` from as many goroutines for the time given.
func measure(what string, goroutines int, one func(worker int) error) {
	if !strings.HasPrefix(what, *only) {
		return
	}
	latencies := make([][]time.Duration, goroutines)
	var failed atomic.Value
	var group sync.WaitGroup
	begin := time.Now()
	end := begin.Add(time.Duration(*seconds * float64(time.Second)))
	for worker := 0; worker < goroutines; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for before := time.Now(); before.Before(end); {
				if err := one(worker); err != nil {
					failed.Store(err)
					return
				}
				after := time.Now()
				latencies[worker] = append(latencies[worker], after.Sub(before))
				before = after
			}
		}()
	}
	group.Wait()
	took := time.Since(begin).Seconds()
	if err := failed.Load(); err != nil {
		log.Fatalf("%s: %v", what, err)
	}
	report(what, goroutines, took, latencies)
}

func report(what string, goroutines int, took float64, latencies [][]time.Duration) {
	var all []time.Duration
	for _, some := range latencies {
		all = append(all, some...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	at := func(share float64) float64 { return float64(all[int(share*float64(len(all)-1))]) / 1e3 }
	line, _ := json.Marshal(result{*name, what, goroutines, float64(len(all)) / took, at(0.5), at(0.99), at(1), len(all)})
	fmt.Println(string(line))
}

// Arguments that are encoded once: the client's encoder is not what is measured.
type encoded []byte

func (e encoded) EncodeMsgpack(encoder *msgpack.Encoder) error {
	_, err := encoder.Writer().Write(e)
	return err
}

func encode(arguments ...interface{}) encoded {
	bytes, err := msgpack.Marshal(arguments)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}

// One call of mts.append with a batch of messages whose payloads lie in one object.
func appendOf(count int) encoded {
	var messages []interface{}
	for i := 0; i < count; i++ {
		messages = append(messages, []interface{}{
			fmt.Sprintf("orders.%d", i%10), map[string]string{"content-type": "application/json"}, nil, nil,
			uint(1), "minitoolstream/data/pack/1c8e7f2a/0123456789abcdef", uint(i * 256), uint(256), uint(0xC0FFEE42)})
	}
	return encode([]interface{}{[]interface{}{uint(0), messages}})
}

// Calls and looks at nothing but the status. Tarantool 2 answers [[[status, ...]]], the outer array with a long head.
func callService(conn *tarantool.Connection, name string, arguments encoded) error {
	var reply msgpack.RawMessage
	err := conn.Do(tarantool.NewCallRequest(name).Args(arguments)).GetTyped(&reply)
	if err == nil && (len(reply) < 8 || reply[5] != 0x91 || reply[7] != 0) {
		err = fmt.Errorf("refused: %q", reply)
	}
	return err
}

func measureServices(conn *tarantool.Connection) {
	for _, batch := range []struct{ messages, calls int }{{1, 64}, {50, 8}, {500, 4}} {
		arguments := appendOf(batch.messages)
		measure(fmt.Sprintf("append of %d", batch.messages), batch.calls, func(int) error {
			return callService(conn, "mts.append", arguments)
		})
	}
	for _, rows := range []uint{100, 5000} {
		arguments := encode("*", uint(100), rows, uint(16<<20), uint(0))
		measure(fmt.Sprintf("read of %d", rows), 2, func(int) error {
			return callService(conn, "mts.read", arguments)
		})
	}
}

func main() {
	flag.Parse()
	if *idle > 0 {
		var connections []*tarantool.Connection
		for i := 0; i < *idle; i++ {
			connections = append(connections, connect())
		}
		fmt.Println("connected", len(connections))
		var line string
		fmt.Fscanln(os.Stdin, &line)
		return
	}
	conn := connect()
	if *services {
		measureServices(conn)
		return
	}
	headers := map[string]interface{}{"content-type": "application/json", "source": "api-gateway"}
	publish := func(int) error {
		response, err := conn.Call17("grpc_publish", []interface{}{"orders", "minio/orders/12345.json", headers})
		if err == nil && fmt.Sprint(response[0].(map[interface{}]interface{})["status_code"]) != "0" {
			err = fmt.Errorf("%v", response[0])
		}
		return err
	}
	measure("publish", *inFlight, publish)
	measure("publish", 1, publish)
	peek := func(worker int) error {
		response, err := conn.Call17("grpc_peek", []interface{}{"orders", fmt.Sprint("reader-", worker), 100})
		if err == nil && len(response[0].([]interface{})) != 100 {
			err = fmt.Errorf("%d messages", len(response[0].([]interface{})))
		}
		return err
	}
	measure("fetch of 100", 1, peek)
	measure("fetch of 100", 8, peek)
}
