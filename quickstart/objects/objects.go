// Package objects is where the quick start's scenarios keep payloads: a bucket of MinIO, or of any S3, when
// MINIO_ENDPOINT says where one is, else a folder of this machine.
//
// MINIO_ENDPOINT, MINIO_ACCESS_KEY_ID, MINIO_SECRET_ACCESS_KEY, MINIO_USE_SSL and MINIO_BUCKET_NAME are the existing
// system's variables.
package objects

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Bucket names the bucket that the scenarios use.
func Bucket() string { return variable("MINIO_BUCKET_NAME", "minitoolstream") }

// Client puts and gets whole objects.
type Client struct {
	s3     *minio.Client
	folder string
}

// Open connects to MinIO and makes the bucket when it is missing, or falls back to a folder.
func Open(ctx context.Context) (*Client, error) {
	endpoint := os.Getenv("MINIO_ENDPOINT")
	if endpoint == "" {
		folder := variable("QUICKSTART_OBJECTS", filepath.Join(os.TempDir(), "minitoolstream-quickstart"))
		fmt.Printf("MINIO_ENDPOINT is not set: payloads lie in %s\n", folder)
		return &Client{folder: folder}, os.MkdirAll(folder, 0o700)
	}
	s3, err := minio.New(endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(
			variable("MINIO_ACCESS_KEY_ID", "minioadmin"), variable("MINIO_SECRET_ACCESS_KEY", "minioadmin"), ""),
		Secure: os.Getenv("MINIO_USE_SSL") == "true",
	})
	if err != nil {
		return nil, err
	}
	exists, err := s3.BucketExists(ctx, Bucket())
	if err == nil && !exists {
		err = s3.MakeBucket(ctx, Bucket(), minio.MakeBucketOptions{})
	}
	return &Client{s3: s3}, err
}

// PutObject stores the object and answers its name.
func (c *Client) PutObject(ctx context.Context, bucket, key string, data io.Reader) (string, error) {
	content, err := io.ReadAll(data)
	if err != nil {
		return "", err
	}
	if c.s3 == nil {
		return key, os.WriteFile(c.path(key), content, 0o600)
	}
	_, err = c.s3.PutObject(ctx, bucket, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	return key, err
}

// GetObject brings the whole object.
func (c *Client) GetObject(ctx context.Context, bucket, key string) ([]byte, error) {
	if c.s3 == nil {
		return os.ReadFile(c.path(key))
	}
	object, err := c.s3.GetObject(ctx, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, err
	}
	defer object.Close()
	return io.ReadAll(object)
}

func (c *Client) path(key string) string { return filepath.Join(c.folder, url.PathEscape(key)) }

func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
