// Runs the expectations of port 3301 through go-tarantool v2: main ADDRESS EXPECTATIONS.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tarantool/go-iproto"
	"github.com/tarantool/go-tarantool/v2"
)

type step struct {
	Name      string          `json:"name"`
	Ping      bool            `json:"ping"`
	Call      string          `json:"call"`
	Args      []interface{}   `json:"args"`
	Select    string          `json:"select"`
	Index     string          `json:"index"`
	Key       []interface{}   `json:"key"`
	Eval      string          `json:"eval"`
	Expect    json.RawMessage `json:"expect"`
	Error     []int           `json:"error"`
	FullWidth bool            `json:"full_width"`
}

type values struct {
	subject string
	bound   map[string]int64
}

// What stands in the file, with the names replaced; numbers without a fraction become integers.
func (v *values) fill(value interface{}) interface{} {
	switch value := value.(type) {
	case []interface{}:
		filled := make([]interface{}, 0, len(value))
		for _, item := range value {
			filled = append(filled, v.fill(item))
		}
		return filled
	case map[string]interface{}:
		filled := make(map[string]interface{}, len(value))
		for key, item := range value {
			filled[key] = v.fill(item)
		}
		return filled
	case float64:
		return int64(value)
	case string:
		if strings.HasPrefix(value, "@") {
			return v.bound[value]
		}
		if rest, found := strings.CutPrefix(value, "$subject"); found {
			return v.subject + rest
		}
	}
	return value
}

func integer(value interface{}) (int64, bool) {
	reflected := reflect.ValueOf(value)
	switch {
	case value == nil:
		return 0, false
	case reflected.CanInt():
		return reflected.Int(), true
	case reflected.CanUint():
		return int64(reflected.Uint()), true
	}
	return 0, false
}

func (v *values) matches(expected, got interface{}) bool {
	switch expected := expected.(type) {
	case string:
		_, isBound := v.bound[expected]
		number, isInteger := integer(got)
		switch {
		case strings.HasPrefix(expected, "@") && !isBound:
			v.bound[expected] = number
			return isInteger
		case expected == "?int":
			return isInteger
		case expected == "?text":
			_, isText := got.(string)
			return isText
		}
	case []interface{}:
		list, ok := got.([]interface{})
		if n := len(expected); ok && n > 0 && expected[n-1] == "..." && len(list) >= n-1 {
			expected, list = expected[:n-1], list[:n-1]
		}
		if !ok || len(list) != len(expected) {
			return false
		}
		for i := range expected {
			if !v.matches(expected[i], list[i]) {
				return false
			}
		}
		return true
	case map[string]interface{}:
		object, ok := got.(map[interface{}]interface{})
		if !ok || len(object) != len(expected) {
			return false
		}
		for key, item := range expected {
			value, found := object[key]
			if !found || !v.matches(item, value) {
				return false
			}
		}
		return true
	}
	filled := v.fill(expected)
	if want, isInteger := filled.(int64); isInteger {
		number, ok := integer(got)
		return ok && number == want
	}
	return reflect.DeepEqual(filled, got)
}

// The text of the first integer that is not of the quick start's type; headers are as they were sent.
func wrongWidth(name string, value interface{}) string {
	switch value := value.(type) {
	case []interface{}:
		for i, item := range value {
			if _, isHeaders := item.(map[interface{}]interface{}); isHeaders && i == 1 {
				continue
			}
			if problem := wrongWidth(fmt.Sprintf("%s[%d]", name, i), item); problem != "" {
				return problem
			}
		}
		return ""
	case map[interface{}]interface{}:
		for key, item := range value {
			if problem := wrongWidth(fmt.Sprint(key), item); problem != "" {
				return problem
			}
		}
		return ""
	}
	want := reflect.Uint64
	if name == "status_code" {
		want = reflect.Int64
	}
	if _, isInteger := integer(value); isInteger && reflect.TypeOf(value).Kind() != want {
		return fmt.Sprintf("%s is %T, want %v", name, value, want)
	}
	return ""
}

// The key with its integers as the index has them: unsigned, and in the shortest form, which only `uint` is sent in.
func unsigned(key interface{}) interface{} {
	switch key := key.(type) {
	case []interface{}:
		for i := range key {
			key[i] = unsigned(key[i])
		}
	case int64:
		return uint(key)
	}
	return key
}

func run(conn *tarantool.Connection, v *values, s step) ([]interface{}, error) {
	switch {
	case s.Ping:
		_, err := conn.Do(tarantool.NewPingRequest()).Get()
		return nil, err
	case s.Eval != "":
		return conn.Do(tarantool.NewEvalRequest(s.Eval)).Get()
	case s.Select != "":
		rows, err := conn.Do(tarantool.NewSelectRequest(s.Select).Index(s.Index).Key(unsigned(v.fill(s.Key))).Limit(100)).Get()
		return []interface{}{rows}, err
	}
	return conn.Do(tarantool.NewCallRequest(s.Call).Args(v.fill(s.Args))).Get()
}

// The text of what is wrong, or nothing.
func check(conn *tarantool.Connection, v *values, s step) string {
	got, err := run(conn, v, s)
	var answered tarantool.Error
	if errors.As(err, &answered) {
		if slices.Contains(s.Error, int(answered.Code)) {
			return ""
		}
		return fmt.Sprintf("#%d: %s", answered.Code, answered.Msg)
	}
	switch {
	case err != nil:
		return err.Error()
	case s.Error != nil:
		return fmt.Sprintf("got %v, want an error of %v", got, s.Error)
	case s.Ping:
		return ""
	case s.Expect == nil:
		if len(got) > 1 || (len(got) == 1 && got[0] != nil) {
			return fmt.Sprintf("got %v, want nothing", got)
		}
		return ""
	}
	var expected interface{}
	if err := json.Unmarshal(s.Expect, &expected); err != nil {
		return err.Error()
	}
	if len(got) != 1 || !v.matches(expected, got[0]) {
		return fmt.Sprintf("got %v, want %s", got, s.Expect)
	}
	if s.FullWidth {
		return wrongWidth("reply", got[0])
	}
	return ""
}

func connect(address, password string) (*tarantool.Connection, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	dialer := tarantool.NetDialer{Address: address, User: "minitoolstream", Password: password}
	return tarantool.Connect(ctx, dialer, tarantool.Opts{Timeout: 10 * time.Second})
}

func main() {
	address := os.Args[1]
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	var file struct {
		Steps []step `json:"steps"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		log.Fatal(err)
	}
	conn, err := connect(address, "changeme")
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	v := &values{fmt.Sprintf("clients.go.%d", time.Now().UnixNano()), map[string]int64{}}
	failed := 0
	for _, s := range file.Steps {
		if problem := check(conn, v, s); problem != "" {
			failed++
			fmt.Printf("go: %s: %s\n", s.Name, problem)
		}
	}
	var answered tarantool.Error
	if _, err := connect(address, "wrong"); !errors.As(err, &answered) || answered.Code != iproto.ER_CREDS_MISMATCH {
		failed++
		fmt.Printf("go: a wrong password is not refused: %v\n", err)
	}
	fmt.Printf("go: %d passed, %d failed\n", len(file.Steps)+1-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
