#!/usr/bin/env python3
"""Publishes a file, or receives files as they come. What main.go and files.cc do in Go and C++.

  files.py publish SUBJECT FILE
  files.py receive SUBJECT DURABLE_NAME FOLDER [COUNT]     COUNT: end after so many files

The server is found by MINITOOLSTREAM_INGRESS (localhost:50051) and MINITOOLSTREAM_EGRESS (localhost:50052). Both
commands survive a restart of the server: what may be sent again is sent again.
"""
import math
import os
import sys
import time
import urllib.parse
import uuid

import google_crc32c
import grpc
from minitoolstream import egress_pb2, egress_pb2_grpc, ingress_pb2, ingress_pb2_grpc

CHUNK_BYTES = 1 << 20
PATIENCE_SECONDS = 60
# The two codes that mean: try again.
RETRYABLE = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED)


def with_retry(attempt, patience=math.inf):
    """Calls `attempt` until it succeeds, fails for good, or `patience` seconds are over."""
    give_up = time.monotonic() + patience
    pause = 0.1
    while True:
        try:
            return attempt()
        except grpc.RpcError as error:
            if error.code() not in RETRYABLE or time.monotonic() > give_up:
                raise
            print(f"{error.code().name}: trying again", file=sys.stderr)
        time.sleep(pause)
        pause = min(2 * pause, 2.0)


def upload_parts(message, file):
    """The requests of one Upload: what it is, the chunks, and the end with size and checksum."""
    yield ingress_pb2.UploadRequest(info=ingress_pb2.UploadInfo(message=message, size=os.fstat(file.fileno()).st_size))
    size, checksum = 0, 0
    while chunk := file.read(CHUNK_BYTES):
        size += len(chunk)
        checksum = google_crc32c.extend(checksum, chunk)
        yield ingress_pb2.UploadRequest(chunk=chunk)
    yield ingress_pb2.UploadRequest(end=ingress_pb2.UploadEnd(size=size, crc32c=checksum))


def publish(subject, path):
    address = os.environ.get("MINITOOLSTREAM_INGRESS", "localhost:50051")
    message = ingress_pb2.PublishRequest(subject=subject)
    message.headers["filename"] = os.path.basename(path).replace("%", "%25")
    # The same id in every attempt: when the answer of one was lost, the next one is recognised and stores nothing twice.
    message.message_id = str(uuid.uuid4())
    with grpc.insecure_channel(address) as channel, open(path, "rb") as file:
        ingress = ingress_pb2_grpc.IngressServiceStub(channel)

        def attempt():
            file.seek(0)
            return ingress.Upload(upload_parts(message, file))

        response = with_retry(attempt, PATIENCE_SECONDS)
    if response.status_code != 0:
        sys.exit(f"refused with code {response.status_code}: {response.error_message}")
    print(f"{path}: sequence {response.sequence}{' (was there already)' if response.duplicate else ''}")


def file_name(message):
    """The last component only: a name that came over the network must not choose the folder."""
    name = os.path.basename(urllib.parse.unquote(message.headers.get("filename", "")))
    return name if name not in ("", ".", "..") else f"message-{message.sequence}"


def save(egress, message, folder):
    """Writes the payload under a temporary name and renames it when it is whole."""
    path = os.path.join(folder, file_name(message))
    with open(path + ".part", "wb") as file:
        if message.payload_status == egress_pb2.PAYLOAD_STATUS_INLINE:
            file.write(message.data)
        else:  # too long for a batch: it comes in chunks
            checksum, expected = 0, None
            for chunk in egress.Download(egress_pb2.DownloadRequest(subject=message.subject, sequence=message.sequence)):
                file.write(chunk.data)
                checksum = google_crc32c.extend(checksum, chunk.data)
                if chunk.HasField("crc32c"):
                    expected = chunk.crc32c
            if checksum != expected:
                raise OSError(f"{path}: the download has another checksum than the message")
    os.replace(path + ".part", path)
    print(f"{path}: {message.size} bytes, sequence {message.sequence}", flush=True)


def receive_batch(egress, subject, durable_name, folder, at_most):
    """Fetches, saves and acknowledges; yields for each message that is done."""
    batch = egress.FetchBatch(
        egress_pb2.FetchBatchRequest(subject=subject, durable_name=durable_name, batch_size=at_most)).messages
    for message in batch:
        if message.payload_status in (egress_pb2.PAYLOAD_STATUS_MISSING, egress_pb2.PAYLOAD_STATUS_CORRUPT):
            print(f"message {message.sequence}: its payload is lost", file=sys.stderr)
        else:
            save(egress, message, folder)
        # Everything up to here is done. Without this line the message comes again. When its answer is lost it is simply
        # sent again: the position may have moved already, and the message would not come a second time.
        request = egress_pb2.AckRequest(subject=subject, durable_name=durable_name, sequence=message.sequence)
        answer = with_retry(lambda: egress.AckMessage(request))
        if not answer.success:
            sys.exit(f"acknowledging was refused: {answer.error_message}")
        yield


def receive(subject, durable_name, folder, count):
    address = os.environ.get("MINITOOLSTREAM_EGRESS", "localhost:50052")
    os.makedirs(folder, exist_ok=True)
    received = 0
    with grpc.insecure_channel(address) as channel:
        egress = egress_pb2_grpc.EgressServiceStub(channel)

        def attempt():
            nonlocal received
            # A notice comes at once when there is something after the consumer's position, then with each news.
            request = egress_pb2.SubscribeRequest(subject=subject, durable_name=durable_name)
            for _ in egress.Subscribe(request):
                while received < count:
                    before = received
                    for _ in receive_batch(egress, subject, durable_name, folder, min(100, count - received)):
                        received += 1
                    if received == before:
                        break
                if received >= count:
                    return

        while received < count:
            with_retry(attempt)


def main(arguments):
    if len(arguments) == 3 and arguments[0] == "publish":
        publish(arguments[1], arguments[2])
    elif len(arguments) in (4, 5) and arguments[0] == "receive":
        count = int(arguments[4]) if len(arguments) == 5 else sys.maxsize
        receive(arguments[1], arguments[2], arguments[3], count)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except (grpc.RpcError, OSError) as error:
        sys.exit(f"{error.code().name}: {error.details()}" if isinstance(error, grpc.RpcError) else str(error))
