package main

import (
	"context"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

type natsPeer struct{ js jetstream.JetStream }

var bg = context.Background()

func natsConn(pending int) jetstream.JetStream {
	var nc *nats.Conn
	err := fmt.Errorf("no try yet")
	for end := time.Now().Add(120 * time.Second); err != nil && time.Now().Before(end); {
		if nc, err = nats.Connect("nats://" + *addr); err != nil {
			time.Sleep(2 * time.Millisecond) // work "ready" comes before the server
		}
	}
	check(err)
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(pending),
		jetstream.WithPublishAsyncErrHandler(func(_ jetstream.JetStream, _ *nats.Msg, err error) { log.Fatal("async publish: ", err) }))
	check(err)
	return js
}

func newNats() peer { return &natsPeer{natsConn(100000)} }

func (p *natsPeer) reset() {
	p.js.DeleteStream(bg, *stream)
	_, err := p.js.CreateStream(bg, jetstream.StreamConfig{Name: *stream, Subjects: []string{*stream + ".>"},
		Storage: jetstream.FileStorage, AllowAtomicPublish: *work == "batch"})
	check(err)
}

func (p *natsPeer) blast(data []byte, until time.Time, max int) int {
	var left, acked atomic.Int64
	left.Store(int64(max))
	each := int64(1) // messages a connection takes at a time
	if *work == "batch" {
		each = int64(*batch)
	}
	take := func() int64 { // how many to publish now; 0 at the end
		if time.Now().After(until) {
			return 0
		}
		if l := left.Add(-each); l < 0 {
			return each + l // may be <= 0
		}
		return each
	}
	subject := *stream + ".s"
	var wg sync.WaitGroup
	for range *conns {
		js := natsConn(*flight / *conns)
		wg.Go(func() {
			defer js.Conn().Close()
			switch *work {
			case "batch": // atomic batches: one ack per batch
				for k := take(); k > 0; k = take() {
					msgs := make([]*nats.Msg, k)
					for i := range msgs {
						msgs[i] = &nats.Msg{Subject: subject, Data: data, Header: nats.Header{}}
					}
					_, err := jetstreamext.PublishMsgBatch(bg, js, msgs, jetstreamext.BatchFlowControl{AckFirst: false, AckTimeout: 30 * time.Second})
					check(err)
					acked.Add(k)
				}
			default:
				for take() > 0 {
					_, err := js.PublishAsync(subject, data, jetstream.WithStallWait(60*time.Second))
					check(err)
					acked.Add(1)
				}
				<-js.PublishAsyncComplete()
			}
		})
	}
	wg.Wait()
	return int(acked.Load())
}

func (p *natsPeer) publishAsync(data []byte, acked func()) {
	f, err := p.js.PublishAsync(*stream+".s", data)
	check(err)
	go func() { <-f.Ok(); acked() }()
}

func (p *natsPeer) publish(data []byte) {
	_, err := p.js.Publish(bg, *stream+".s", data)
	check(err)
}

func (p *natsPeer) consume(group string, n int, each func([]byte)) {
	c, err := p.js.CreateConsumer(bg, *stream, jetstream.ConsumerConfig{Durable: group,
		AckPolicy: jetstream.AckExplicitPolicy, MaxAckPending: 20000, DeliverPolicy: jetstream.DeliverAllPolicy})
	check(err)
	it, err := c.Messages(jetstream.PullMaxMessages(*batch)) // overlapping pulls, the client's recommended way
	check(err)
	for got := 0; got < n; got++ {
		m, err := it.Next()
		check(err)
		each(m.Data())
		check(m.Ack())
	}
	it.Stop()
	for range 20000 { // done when the server has taken all acks
		info, err := c.Info(bg)
		check(err)
		if info.NumAckPending == 0 {
			break
		}
		time.Sleep(500 * time.Microsecond)
	}
	check(p.js.DeleteConsumer(bg, *stream, group))
}

func (p *natsPeer) count() int {
	ctx, cancel := context.WithTimeout(bg, 5*time.Second)
	defer cancel()
	s, err := p.js.Stream(ctx, *stream)
	if err != nil {
		return -1
	}
	return int(s.CachedInfo().State.Msgs)
}
