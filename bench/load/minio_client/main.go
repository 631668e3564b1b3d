// Measures an S3 server with the MinIO Go client, for comparison in the same run; prints a JSON line.
//
//	minio_client -endpoint HOST:PORT -work put -size 10240 -in-flight 16 -seconds 3
//	minio_client -endpoint HOST:PORT -work upload -size 1073741824 -part 16777216 -in-flight 4
//	minio_client -endpoint HOST:PORT -work download -size 1073741824 (after upload; one GET)
//	minio_client -endpoint HOST:PORT -work ranges -size 1073741824 -part 16777216 -in-flight 2 (after upload; a GET a part)
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

var (
	endpoint = flag.String("endpoint", "127.0.0.1:9000", "HOST:PORT of the server")
	bucket   = flag.String("bucket", "bench", "made if missing")
	work     = flag.String("work", "put", "put, upload, download or ranges")
	size     = flag.Int64("size", 10240, "bytes of an object")
	part     = flag.Uint64("part", 16<<20, "bytes of a part of an upload or of a range")
	inFlight = flag.Int("in-flight", 1, "puts, parts or ranges at a time")
	seconds  = flag.Float64("seconds", 3, "of put")
)

type result map[string]any

// A source of pseudo-random bytes that costs nothing.
type repeated struct {
	block []byte
	left  int64
}

func (r *repeated) Read(to []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(to[:min(int64(len(to)), r.left)], r.block)
	r.left -= int64(n)
	return n, nil
}

func put(ctx context.Context, client *minio.Client) (result, error) {
	body := make([]byte, *size)
	rand.New(rand.NewSource(1)).Read(body)
	var count atomic.Int64
	var failure atomic.Value
	var mutex sync.Mutex
	var times []time.Duration
	end := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	var callers sync.WaitGroup
	for caller := range *inFlight {
		callers.Add(1)
		go func() {
			defer callers.Done()
			var own []time.Duration
			for time.Now().Before(end) {
				begun := time.Now()
				name := fmt.Sprintf("put/%d/%d", caller, count.Add(1))
				_, err := client.PutObject(ctx, *bucket, name, bytes.NewReader(body), *size, minio.PutObjectOptions{DisableMultipart: true})
				if err != nil {
					failure.Store(err)
					return
				}
				own = append(own, time.Since(begun))
			}
			mutex.Lock()
			times = append(times, own...)
			mutex.Unlock()
		}()
	}
	callers.Wait()
	if err, ok := failure.Load().(error); ok {
		return nil, err
	}
	sort.Slice(times, func(i, j int) bool { return times[i] < times[j] })
	at := func(share float64) float64 { return times[int(share*float64(len(times)-1))].Seconds() * 1000 }
	return result{"puts": len(times), "messages_per_s": float64(len(times)) / *seconds,
		"latency_ms": map[string]float64{"p50": at(0.5), "p99": at(0.99)}}, nil
}

func transferred(begun time.Time) result {
	took := time.Since(begun).Seconds()
	return result{"seconds": took, "mb_per_s": float64(*size) / 1e6 / took}
}

func upload(ctx context.Context, client *minio.Client) (result, error) {
	block := make([]byte, 1<<20)
	rand.New(rand.NewSource(1)).Read(block)
	begun := time.Now()
	_, err := client.PutObject(ctx, *bucket, "large", &repeated{block, *size}, *size,
		minio.PutObjectOptions{PartSize: *part, NumThreads: uint(*inFlight), ConcurrentStreamParts: true})
	return transferred(begun), err
}

// Reads what the options ask for of the object, and drops it.
func read(ctx context.Context, client *minio.Client, options minio.GetObjectOptions, expected int64) error {
	object, err := client.GetObject(ctx, *bucket, "large", options)
	if err != nil {
		return err
	}
	defer object.Close()
	copied, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, object, make([]byte, 1<<20))
	if err == nil && copied != expected {
		err = fmt.Errorf("%d bytes instead of %d", copied, expected)
	}
	return err
}

func download(ctx context.Context, client *minio.Client) (result, error) {
	begun := time.Now()
	err := read(ctx, client, minio.GetObjectOptions{}, *size)
	return transferred(begun), err
}

func ranges(ctx context.Context, client *minio.Client) (result, error) {
	begun := time.Now()
	var next atomic.Int64
	var failure atomic.Value
	var readers sync.WaitGroup
	for range *inFlight {
		readers.Add(1)
		go func() {
			defer readers.Done()
			for failure.Load() == nil {
				begin := (next.Add(1) - 1) * int64(*part)
				if begin >= *size {
					return
				}
				end := min(begin+int64(*part), *size)
				var options minio.GetObjectOptions
				err := options.SetRange(begin, end-1)
				if err == nil {
					err = read(ctx, client, options, end-begin)
				}
				if err != nil {
					failure.Store(err)
				}
			}
		}()
	}
	readers.Wait()
	err, _ := failure.Load().(error)
	return transferred(begun), err
}

func main() {
	flag.Parse()
	ctx := context.Background()
	client, err := minio.New(*endpoint, &minio.Options{Creds: credentials.NewStaticV4("minioadmin", "minioadmin", "")})
	if err != nil {
		log.Fatal(err)
	}
	if there, err := client.BucketExists(ctx, *bucket); err != nil {
		log.Fatal(err)
	} else if !there {
		if err := client.MakeBucket(ctx, *bucket, minio.MakeBucketOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	works := map[string]func(context.Context, *minio.Client) (result, error){"put": put, "upload": upload, "download": download,
		"ranges": ranges}
	run, ok := works[*work]
	if !ok {
		log.Fatalf("unknown work %q", *work)
	}
	measured, err := run(ctx, client)
	if err != nil {
		log.Fatal(err)
	}
	measured["work"], measured["size"], measured["in_flight"], measured["client"] = *work, *size, *inFlight, "minio-go"
	json.NewEncoder(os.Stdout).Encode(measured)
}
