package manifests

import (
	"strings"
	"testing"
)

const service = `
apiVersion: v1
kind: Service
metadata:
  name: tarantool-service
spec:
  selector:
    app: tarantool
  ports:
    - name: iproto
      port: 3301
`

func TestAValidDocumentIsRead(t *testing.T) {
	objects, err := Decode([]byte(service + "---\n# nothing but a comment\n---\n" + service))
	if err != nil || len(objects) != 2 || objects[0].Kind.Kind != "Service" {
		t.Fatalf("%v, %v", objects, err)
	}
}

func TestWhatIsNotOfTheAPIIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, says string }{
		"misspelt field":        {"selector:", "selektor:", `unknown field "spec.selektor"`},
		"misspelt field inside": {"port: 3301", "prot: 3301", `unknown field "spec.ports[0].prot"`},
		"field of another kind": {"  ports:", "  replicas: 3\n  ports:", `unknown field "spec.replicas"`},
		"wrong capitals":        {"apiVersion: v1", "apiversion: v1", `unknown field "apiversion"`},
		"wrong type":            {"port: 3301", "port: many", "cannot unmarshal string"},
		"field given twice":     {"port: 3301", "port: 3301\n      port: 3302", `key "port" already set`},
		"unknown kind":          {"kind: Service", "kind: Servise", `no kind "Servise"`},
		"unknown group":         {"apiVersion: v1", "apiVersion: apps/v1beta9", `no kind "Service"`},
		"no kind":               {"kind: Service", "", "'Kind' is missing"},
		"bad indentation":       {"  selector:", " selector:", "did not find expected"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(service, c.old, c.new, 1)
			if changed == service {
				t.Fatal("nothing was changed")
			}
			if _, err := Decode([]byte(changed)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want an error with %q", err, c.says)
			}
		})
	}
}

func TestAnEmptyStreamIsRefused(t *testing.T) {
	if _, err := Decode([]byte("# nothing\n")); err == nil {
		t.Fatal("no error")
	}
}
