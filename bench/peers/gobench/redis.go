package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

type redisPeer struct{ c *redis.Client }

func newRedis() peer {
	return &redisPeer{redis.NewClient(&redis.Options{Addr: *addr, Protocol: 3, PoolSize: 64, MinIdleConns: 8, MaxRetries: -1,
		ReadTimeout: 60 * time.Second, WriteTimeout: 60 * time.Second, DisableIdentity: true})}
}

func (p *redisPeer) reset() {
	check(p.c.Del(bg, *stream).Err())
}

func add(data []byte) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: *stream, Values: []any{"d", data}}
}

func (p *redisPeer) blast(data []byte, until time.Time, max int) int {
	depth := int64(*flight / *conns)
	var left, acked atomic.Int64
	left.Store(int64(max))
	var wg sync.WaitGroup
	for range *conns {
		wg.Go(func() {
			for time.Now().Before(until) {
				k := depth
				if l := left.Add(-depth); l < 0 {
					k += l
				}
				if k <= 0 {
					return
				}
				pipe := p.c.Pipeline()
				for range k {
					pipe.XAdd(bg, add(data))
				}
				_, err := pipe.Exec(bg)
				check(err)
				acked.Add(k)
			}
		})
	}
	wg.Wait()
	return int(acked.Load())
}

func (p *redisPeer) publishAsync(data []byte, acked func()) {
	go func() { p.publish(data); acked() }()
}

func (p *redisPeer) publish(data []byte) { check(p.c.XAdd(bg, add(data)).Err()) }

func (p *redisPeer) consume(group string, n int, each func([]byte)) {
	check(p.c.XGroupCreate(bg, *stream, group, "0").Err())
	var ids []string
	for got := 0; got < n; {
		pipe := p.c.Pipeline() // the acks of one batch travel with the read of the next
		if len(ids) > 0 {
			pipe.XAck(bg, *stream, group, ids...)
		}
		read := pipe.XReadGroup(bg, &redis.XReadGroupArgs{Group: group, Consumer: "c", Streams: []string{*stream, ">"}, Count: int64(*batch), Block: 10 * time.Second})
		_, err := pipe.Exec(bg)
		check(err)
		ids = ids[:0]
		for _, m := range read.Val()[0].Messages {
			each([]byte(m.Values["d"].(string)))
			ids = append(ids, m.ID)
			got++
		}
	}
	check(p.c.XAck(bg, *stream, group, ids...).Err())
	check(p.c.XGroupDestroy(bg, *stream, group).Err())
}

func (p *redisPeer) count() int {
	ctx, cancel := context.WithTimeout(bg, 5*time.Second)
	defer cancel()
	v, err := p.c.XLen(ctx, *stream).Result() // refused with LOADING until all is read in
	if err != nil {
		return -1
	}
	return int(v)
}
