// peerbench drives NATS JetStream or Redis Streams with one piece of benchmark work and
// prints its figures as lines "metric value unit"; bench/peers/run.sh makes JSON lines of them.
package main

import (
	"flag"
	"fmt"
	"log"
	"math/rand"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// peer is what each system must be able to do for the works below.
type peer interface {
	reset()                                                 // delete and re-create the stream
	blast(p []byte, until time.Time, max int) int           // publish many in flight; returns the number acked
	publishAsync(p []byte, acked func())                    // must not wait for the ack
	publish(p []byte)                                       // one message, returns when acked
	consume(group string, n int, each func(payload []byte)) // read and ack exactly n messages, explicit ack
	count() int                                             // messages stored; -1 while not reachable
}

var (
	sys     = flag.String("sys", "nats", "nats or redis")
	addr    = flag.String("addr", "127.0.0.1:14222", "server address")
	work    = flag.String("work", "pub", "pub, batch (NATS: atomic batches), rate, seq, load, consume or ready")
	stream  = flag.String("stream", "bench", "stream name")
	size    = flag.Int("size", 256, "payload bytes")
	n       = flag.Int("n", 0, "messages to load, to consume, or to be ready with")
	conns   = flag.Int("conns", 1, "publishing connections (pub, load)")
	flight  = flag.Int("inflight", 1000, "messages in flight over all connections (pub, load)")
	batch   = flag.Int("batch", 500, "messages per fetch, or per publish batch")
	rate    = flag.Int("rate", 1000, "messages per second (rate)")
	warm    = flag.Float64("warm", 1, "seconds not counted")
	secs    = flag.Float64("secs", 6, "seconds counted")
	maxMB   = flag.Int("maxmb", 4000, "pub: stop after this many megabytes")
	t0file  = flag.String("t0", "", "ready: file in which the server's start time appears")
	seconds = func(s float64) time.Duration { return time.Duration(s * 1e9) }
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func figure(metric string, v float64, unit string) { fmt.Printf("%s %.6g %s\n", metric, v, unit) }

// latencies collects durations from several goroutines.
type latencies struct {
	sync.Mutex
	d []time.Duration
}

func (l *latencies) add(d time.Duration) { l.Lock(); l.d = append(l.d, d); l.Unlock() }

func (l *latencies) print(what string) {
	sort.Slice(l.d, func(i, j int) bool { return l.d[i] < l.d[j] })
	for _, q := range []float64{50, 99} {
		figure(fmt.Sprintf("%s_p%g", what, q), float64(l.d[int(q/100*float64(len(l.d)-1))])/1e6, "ms")
	}
	figure(what+"_max", float64(l.d[len(l.d)-1])/1e6, "ms")
}

// pace calls send on schedule, never waiting for acks. The time handed on is that of the wake-up,
// or the scheduled time when this loop itself has fallen behind (so no coordinated omission).
func pace(count int, send func(i int, t0 time.Time)) {
	runtime.LockOSThread() // Go's own timers round up to 1 ms
	defer runtime.UnlockOSThread()
	start := time.Now()
	for i := 0; i < count; i++ {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(*rate))
		if d := time.Until(due); d > 0 {
			ts := syscall.NsecToTimespec(int64(d))
			syscall.Nanosleep(&ts, nil)
		}
		t0 := time.Now()
		if t0.Sub(due) > time.Millisecond {
			t0 = due
		}
		send(i, t0)
	}
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	time.AfterFunc(170*time.Second, func() { log.Fatal("peerbench: took over 170 s") })
	p := make([]byte, *size)
	rand.New(rand.NewSource(1)).Read(p) // not compressible

	if *work == "ready" {
		ready()
		return
	}
	b := connect()
	switch *work {
	case "pub", "batch":
		b.reset()
		b.blast(p, time.Now().Add(seconds(*warm)), 1<<40)
		start := time.Now()
		got := b.blast(p, start.Add(seconds(*secs)), *maxMB*1e6 / *size)
		d := time.Since(start).Seconds()
		figure("throughput", float64(got)/d, "msg/s")
		figure("throughput_mb", float64(got)*float64(*size)/1e6/d, "MB/s")
		b.reset() // or the deletion of gigabytes would fall into the next measurement
	case "load":
		b.reset()
		start := time.Now()
		got := b.blast(p, start.Add(150*time.Second), *n)
		if c := b.count(); got != *n || c != *n {
			log.Fatalf("load: %d acked, %d stored, %d wanted", got, c, *n)
		}
		figure("load_throughput", float64(got)/time.Since(start).Seconds(), "msg/s")
	case "seq":
		b.reset()
		var l latencies
		end := time.Now().Add(seconds(*warm + *secs))
		count, from := time.Now().Add(seconds(*warm)), time.Now()
		for t := from; t.Before(end); {
			b.publish(p)
			now := time.Now()
			if t.After(count) {
				l.add(now.Sub(t))
			}
			t = now
		}
		l.print("latency")
		figure("throughput", float64(len(l.d)) / *secs, "msg/s")
	case "rate":
		b.reset()
		var l latencies
		var wg sync.WaitGroup
		skip := int(*warm * float64(*rate))
		pace(skip+int(*secs*float64(*rate)), func(i int, t0 time.Time) {
			wg.Add(1)
			b.publishAsync(p, func() {
				if i >= skip {
					l.add(time.Since(t0))
				}
				wg.Done()
			})
		})
		wg.Wait()
		l.print("latency")
	case "consume":
		start := time.Now()
		bytes := 0
		b.consume(fmt.Sprintf("g%d", start.UnixNano()), *n, func(got []byte) { bytes += len(got) })
		d := time.Since(start).Seconds()
		figure("throughput", float64(*n)/d, "msg/s")
		figure("throughput_mb", float64(bytes)/1e6/d, "MB/s")
	}
}

func connect() peer {
	if *sys == "redis" {
		return newRedis()
	}
	return newNats()
}

// ready waits for the server to be started (t0file) and prints how long it then takes until
// the stream is served again with all its n messages.
func ready() {
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		txt, _ := os.ReadFile(*t0file)
		if t0, err := strconv.ParseInt(strings.TrimSpace(string(txt)), 10, 64); err == nil {
			b := connect()
			for b.count() != *n {
				time.Sleep(2 * time.Millisecond) // bounded by the 170 s above
			}
			figure("restart_to_ready", float64(time.Now().UnixNano()-t0)/1e6, "ms")
			return
		}
	}
	log.Fatal("ready: no server start seen")
}
