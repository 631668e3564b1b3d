// files publishes a file, or receives files as they come. What files.py and files.cc do in Python and C++.
//
//	files publish SUBJECT FILE
//	files receive SUBJECT DURABLE_NAME FOLDER [COUNT]     COUNT: end after so many files
//
// The server is found by MINITOOLSTREAM_INGRESS (localhost:50051) and MINITOOLSTREAM_EGRESS (localhost:50052). Both
// commands survive a restart of the server: what may be sent again is sent again.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"minitoolstream/examples/pb"
)

const (
	chunkBytes = 1 << 20
	patience   = time.Minute
	forever    = time.Duration(math.MaxInt64)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func address(variable, otherwise string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return otherwise
}

// withRetry calls attempt until it succeeds, fails for good, or the patience is over.
func withRetry(patience time.Duration, attempt func() error) error {
	begun, pause := time.Now(), 100*time.Millisecond
	for {
		err := attempt()
		// The two codes that mean: try again.
		code := status.Code(err)
		if code != codes.Unavailable && code != codes.ResourceExhausted || time.Since(begun) > patience {
			return err
		}
		fmt.Fprintf(os.Stderr, "%v: trying again\n", code)
		time.Sleep(pause)
		pause = min(2*pause, 2*time.Second)
	}
}

// upload makes one attempt: what it is, the chunks, and the end with size and checksum.
func upload(ingress pb.IngressServiceClient, message *pb.PublishRequest, file *os.File) (*pb.PublishResponse, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel() // an upload that is given up leaves nothing behind
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	stream, err := ingress.Upload(ctx)
	if err != nil {
		return nil, err
	}
	begin := &pb.UploadInfo{Message: message, Size: uint64(info.Size())}
	err = stream.Send(&pb.UploadRequest{Part: &pb.UploadRequest_Info{Info: begin}})
	var size uint64
	var checksum uint32
	buffer := make([]byte, chunkBytes)
	for err == nil {
		n, readErr := io.ReadFull(file, buffer)
		if n > 0 {
			size += uint64(n)
			checksum = crc32.Update(checksum, castagnoli, buffer[:n])
			err = stream.Send(&pb.UploadRequest{Part: &pb.UploadRequest_Chunk{Chunk: buffer[:n]}})
		}
		if readErr == io.EOF || readErr == io.ErrUnexpectedEOF {
			break
		} else if readErr != nil {
			return nil, readErr
		}
	}
	if err == nil {
		end := &pb.UploadEnd{Size: size, Crc32C: proto.Uint32(checksum)}
		stream.Send(&pb.UploadRequest{Part: &pb.UploadRequest_End{End: end}})
	}
	return stream.CloseAndRecv() // says why a Send failed
}

func publish(subject, path string) error {
	connection, err := grpc.NewClient(address("MINITOOLSTREAM_INGRESS", "localhost:50051"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	message := &pb.PublishRequest{
		Subject: subject,
		Headers: map[string]string{"filename": strings.ReplaceAll(filepath.Base(path), "%", "%25")},
		// The same id in every attempt: when the answer of one was lost, the next one is recognised and stores nothing twice.
		MessageId: rand.Text(),
	}
	var response *pb.PublishResponse
	err = withRetry(patience, func() (err error) {
		response, err = upload(pb.NewIngressServiceClient(connection), message, file)
		return err
	})
	if err != nil {
		return err
	}
	if response.StatusCode != 0 {
		return fmt.Errorf("refused with code %d: %s", response.StatusCode, response.ErrorMessage)
	}
	fmt.Printf("%s: sequence %d\n", path, response.Sequence)
	return nil
}

type receiver struct {
	egress          pb.EgressServiceClient
	subject, name   string
	folder          string
	received, count int
}

// fileName takes the last component only: a name that came over the network must not choose the folder.
func fileName(message *pb.Message) string {
	name, err := url.PathUnescape(message.Headers["filename"])
	name = filepath.Base(name)
	if err != nil || name == "." || name == ".." || name == "/" {
		return fmt.Sprintf("message-%d", message.Sequence)
	}
	return name
}

// download writes a payload that is too long for a batch; it comes in chunks.
func (r *receiver) download(ctx context.Context, message *pb.Message, file *os.File) error {
	stream, err := r.egress.Download(ctx, &pb.DownloadRequest{Subject: message.Subject, Sequence: message.Sequence})
	if err != nil {
		return err
	}
	var checksum uint32
	var expected *uint32
	for {
		chunk, err := stream.Recv()
		if err == io.EOF {
			break
		} else if err != nil {
			return err
		}
		if _, err := file.Write(chunk.Data); err != nil {
			return err
		}
		checksum = crc32.Update(checksum, castagnoli, chunk.Data)
		if chunk.Crc32C != nil {
			expected = chunk.Crc32C
		}
	}
	if expected == nil || *expected != checksum {
		return errors.New("the download has another checksum than the message")
	}
	return nil
}

// save writes the payload under a temporary name and renames it when it is whole.
func (r *receiver) save(ctx context.Context, message *pb.Message) error {
	path := filepath.Join(r.folder, fileName(message))
	file, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	if message.PayloadStatus == pb.PayloadStatus_PAYLOAD_STATUS_INLINE {
		_, err = file.Write(message.Data)
	} else {
		err = r.download(ctx, message, file)
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err == nil {
		fmt.Printf("%s: %d bytes, sequence %d\n", path, message.Size, message.Sequence)
	}
	return err
}

// acknowledge is simply sent again when its answer is lost: the position may have moved already, and the message would not
// come a second time.
func (r *receiver) acknowledge(ctx context.Context, sequence uint64) error {
	return withRetry(forever, func() error {
		request := &pb.AckRequest{Subject: r.subject, DurableName: r.name, Sequence: sequence}
		answer, err := r.egress.AckMessage(ctx, request)
		if err == nil && !answer.Success {
			err = errors.New("acknowledging was refused: " + answer.ErrorMessage)
		}
		return err
	})
}

// batch fetches, saves and acknowledges; it says how many messages there were.
func (r *receiver) batch(ctx context.Context) (int, error) {
	batch, err := r.egress.FetchBatch(ctx, &pb.FetchBatchRequest{Subject: r.subject, DurableName: r.name,
		BatchSize: uint32(min(100, r.count-r.received))})
	if err != nil {
		return 0, err
	}
	for _, message := range batch.Messages {
		switch message.PayloadStatus {
		case pb.PayloadStatus_PAYLOAD_STATUS_MISSING, pb.PayloadStatus_PAYLOAD_STATUS_CORRUPT:
			fmt.Fprintf(os.Stderr, "message %d: its payload is lost\n", message.Sequence)
		default:
			if err := r.save(ctx, message); err != nil {
				return 0, err
			}
		}
		// Everything up to here is done. Without this call the message comes again.
		if err := r.acknowledge(ctx, message.Sequence); err != nil {
			return 0, err
		}
		r.received++
	}
	return len(batch.Messages), nil
}

// listen receives until the count is reached or the connection breaks.
func (r *receiver) listen() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// A notice comes at once when there is something after the consumer's position, then with each news.
	stream, err := r.egress.Subscribe(ctx, &pb.SubscribeRequest{Subject: r.subject, DurableName: r.name})
	if err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); err != nil {
			return err
		}
		for {
			got, err := r.batch(ctx)
			if err != nil || r.received >= r.count {
				return err
			}
			if got == 0 {
				break
			}
		}
	}
}

func receive(subject, name, folder string, count int) error {
	connection, err := grpc.NewClient(address("MINITOOLSTREAM_EGRESS", "localhost:50052"),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	r := &receiver{egress: pb.NewEgressServiceClient(connection), subject: subject, name: name, folder: folder, count: count}
	return withRetry(forever, r.listen)
}

func main() {
	arguments, err := os.Args[1:], error(nil)
	switch {
	case len(arguments) == 3 && arguments[0] == "publish":
		err = publish(arguments[1], arguments[2])
	case len(arguments) == 4 && arguments[0] == "receive":
		err = receive(arguments[1], arguments[2], arguments[3], math.MaxInt)
	case len(arguments) == 5 && arguments[0] == "receive":
		var count int
		if count, err = strconv.Atoi(arguments[4]); err == nil {
			err = receive(arguments[1], arguments[2], arguments[3], count)
		}
	default:
		err = errors.New("files publish SUBJECT FILE | files receive SUBJECT DURABLE_NAME FOLDER [COUNT]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
