package manifests

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	configurationKey = regexp.MustCompile(`\bKey\("([a-z0-9_.]+)"`)
	tarantoolSetting = regexp.MustCompile(`'(MTS_[A-Z0-9_]+)'`)
	ourVariable      = regexp.MustCompile(`\b(?:MINITOOLSTREAM|MTS)_[A-Z0-9_]+\b`)
)

func contentOf(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "..", pattern))
	mustSucceed(t, err)
	var all strings.Builder
	for _, path := range paths {
		content, err := os.ReadFile(path)
		mustSucceed(t, err)
		all.Write(content)
	}
	if all.Len() == 0 {
		t.Fatalf("there is no %s", pattern)
	}
	return all.String()
}

// The variables that the processes and init.lua read; one that nobody reads would be passed over in silence.
func knownVariables(t *testing.T) map[string]bool {
	known := map[string]bool{}
	for _, match := range configurationKey.FindAllStringSubmatch(contentOf(t, "src/server/*.cc"), -1) {
		known["MINITOOLSTREAM_"+strings.ToUpper(strings.ReplaceAll(match[1], ".", "_"))] = true
	}
	for _, match := range tarantoolSetting.FindAllStringSubmatch(
		contentOf(t, "tarantool/*.lua")+contentOf(t, "tarantool/mts/*.lua"), -1) {
		known[match[1]] = true
	}
	return known
}

func TestEveryVariableIsReadBySomebody(t *testing.T) {
	known := knownVariables(t)
	for _, pattern := range []string{"docker-compose.yml", "Dockerfile", "k8s/*.yaml", "k8s/base/*.yaml", "k8s/overlays/*/*.yaml"} {
		for _, name := range ourVariable.FindAllString(contentOf(t, pattern), -1) {
			if !known[name] && !strings.HasSuffix(name, "_IMAGE") {
				t.Errorf("%s: nobody reads %s", pattern, name)
			}
		}
	}
}
