// Package connect opens the quick start's connection. TARANTOOL_ADDRESS, TARANTOOL_USER and TARANTOOL_PASSWORD, the
// existing system's variables, say where to when it is not the quick start's own address.
package connect

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/tarantool/go-tarantool/v2"
)

// Open connects or ends the program.
func Open() *tarantool.Connection {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := tarantool.Connect(ctx, tarantool.NetDialer{
		Address:  variable("TARANTOOL_ADDRESS", "localhost:3301"),
		User:     variable("TARANTOOL_USER", "minitoolstream"),
		Password: variable("TARANTOOL_PASSWORD", "changeme"),
	}, tarantool.Opts{})
	if err != nil {
		log.Fatalf("no connection: %v", err)
	}
	return conn
}

func variable(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
