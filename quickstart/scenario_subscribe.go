//go:build ignore

// Scenario 3 of the quick start: an egress service tells its clients of news over a gRPC stream. Service and client are both
// here, so that the program shows the notice arriving.
package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"minitoolstream/check"
	"minitoolstream/connect"
	"minitoolstream/pb"
)

var tarantoolConn = connect.Open()

func Subscribe(subject, consumerGroup string, stream pb.EgressService_SubscribeServer) error {
	ticker := time.NewTicker(1 * time.Second)
	defer ticker.Stop()

	lastNotifiedSeq := uint64(0)

	for {
		select {
		case <-stream.Context().Done():
			return nil

		case <-ticker.C:
			resp, err := tarantoolConn.Call("check_new_messages", []interface{}{
				subject,
				consumerGroup,
			})
			if err != nil {
				return err
			}

			result := resp[0].(map[interface{}]interface{})
			hasNew := result["has_new"].(bool)
			latestSeq := result["latest_sequence"].(uint64)

			if hasNew && latestSeq > lastNotifiedSeq {
				notification := &pb.Notification{
					Subject:  subject,
					Sequence: latestSeq,
				}

				if err := stream.Send(notification); err != nil {
					return err
				}

				lastNotifiedSeq = latestSeq
			}
		}
	}
}

type egress struct {
	pb.UnimplementedEgressServiceServer
}

func (egress) Subscribe(request *pb.SubscribeRequest, stream pb.EgressService_SubscribeServer) error {
	return Subscribe(request.GetSubject(), request.GetDurableName(), stream)
}

func publish(subject string) uint64 {
	resp, err := tarantoolConn.Call("grpc_publish", []interface{}{subject, "none", map[string]string{}})
	check.NoError("publish", err)
	return resp[0].(map[interface{}]interface{})["sequence"].(uint64)
}

func main() {
	defer tarantoolConn.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check.NoError("listen", err)
	server := grpc.NewServer()
	pb.RegisterEgressServiceServer(server, egress{})
	go server.Serve(listener)
	defer server.Stop()

	client, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	check.NoError("client", err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	subject := fmt.Sprintf("subscribe.%d", time.Now().UnixNano())
	stream, err := pb.NewEgressServiceClient(client).Subscribe(ctx, &pb.SubscribeRequest{Subject: subject, DurableName: "subscriber"})
	check.NoError("subscribe", err)

	for i := 0; i < 2; i++ {
		sequence := publish(subject)
		notice, err := stream.Recv()
		check.NoError("notice", err)
		check.Equal("notice: sequence", notice.GetSequence(), sequence)
		check.Equal("notice: subject", notice.GetSubject(), subject)
	}
	check.Finish()
}
