// Package check counts what the quick start's programs expect and what they get.
package check

import (
	"fmt"
	"os"
	"reflect"
)

var passed, failed int

// Equal compares with types: 5 is not uint64(5).
func Equal(what string, got, want interface{}) {
	True(what, reflect.DeepEqual(got, want), fmt.Sprintf("got %#v (%T), want %#v (%T)", got, got, want, want))
}

// True prints `otherwise` when the condition does not hold.
func True(what string, condition bool, otherwise string) {
	if condition {
		passed++
		fmt.Printf("ok    %s\n", what)
		return
	}
	failed++
	fmt.Printf("FAIL  %s: %s\n", what, otherwise)
}

// NoError ends the program at an error: what follows would make no sense.
func NoError(what string, err error) {
	if err != nil {
		fmt.Printf("FAIL  %s: %v\n", what, err)
		os.Exit(1)
	}
}

// Finish prints the sum and ends the program with 1 when something failed.
func Finish() {
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
