package manifests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

const root = "../../../k8s"

func mustSucceed(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func reportAll(t *testing.T, problems []string) {
	t.Helper()
	for _, problem := range problems {
		t.Error(problem)
	}
}

// Every file below k8s/ that is no kustomization and no part of one.
func TestEveryManifestIsOfTheAPI(t *testing.T) {
	files := 0
	mustSucceed(t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" || filepath.Base(path) == "kustomization.yaml" {
			return err
		}
		files++
		if _, err := DecodeFile(path); err != nil {
			t.Error(err)
		}
		return nil
	}))
	if files < 16 {
		t.Errorf("only %d files were found", files)
	}
}

func TestEveryKustomizationIsWhole(t *testing.T) {
	for _, folder := range []string{"", "base", "overlays/replica-set", "overlays/replica-set-first-start"} {
		t.Run(filepath.Join("k8s", folder), func(t *testing.T) {
			objects, err := Render(filepath.Join(root, folder))
			mustSucceed(t, err)
			reportAll(t, Check(objects))
		})
	}
}

func TestTheEmbeddedShapeIsWhole(t *testing.T) {
	objects, err := DecodeFile(root + "/embedded.yaml")
	mustSucceed(t, err)
	reportAll(t, Check(objects))
}

// The four files that the quick start applies are enough for Tarantool.
func TestTheQuickStartsFilesAreWhole(t *testing.T) {
	var all []Object
	for _, name := range []string{"namespace", "configmap", "statefulset", "service"} {
		objects, err := DecodeFile(filepath.Join(root, name+".yaml"))
		mustSucceed(t, err)
		all = append(all, objects...)
	}
	reportAll(t, Check(all))
	found := map[string]bool{}
	for _, object := range all {
		found[object.Kind.Kind+" "+nameOf(object)] = true
	}
	for _, name := range []string{"Namespace minitoolstream", "StatefulSet tarantool", "Service tarantool-service"} {
		if !found[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestTheReplicaSetHasThreeInstancesThatKnowEachOther(t *testing.T) {
	objects, err := Render(root + "/overlays/replica-set")
	mustSucceed(t, err)
	for _, object := range objects {
		set, ok := object.Value.(*appsv1.StatefulSet)
		if !ok || set.Name != "tarantool" {
			continue
		}
		if *set.Spec.Replicas != 3 || set.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType {
			t.Errorf("%d replicas, update strategy %s", *set.Spec.Replicas, set.Spec.UpdateStrategy.Type)
		}
		return
	}
	t.Fatal("there is no StatefulSet tarantool")
}

// Each change is one that would go unnoticed until the cluster runs.
func TestWhatDoesNotFitTogetherIsFound(t *testing.T) {
	content, err := os.ReadFile(root + "/embedded.yaml")
	mustSucceed(t, err)
	for name, c := range map[string]struct{ old, new, says string }{
		"selector of a service":   {"    app.kubernetes.io/name: minitoolstream\n  ports:", "    app.kubernetes.io/name: other\n  ports:", "selects 0 workloads"},
		"port of a service":       {"targetPort: egress", "targetPort: egres", "no container has a port egres"},
		"port of a probe":         {"port: 50052\n            periodSeconds: 10", "port: 50059\n            periodSeconds: 10", "probe asks port 50059"},
		"name of a ConfigMap":     {"                name: embedded-config", "                name: embeded-config", "no ConfigMap embeded-config"},
		"key of a Secret":         {"key: gate-user", "key: gate-usr", "no key gate-usr"},
		"volume of a mount":       {"- name: data\n              mountPath", "- name: dat\n              mountPath", `no volume "dat"`},
		"root":                    {"runAsNonRoot: true", "runAsNonRoot: false", "may run as root"},
		"writable root":           {"readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "not restricted"},
		"no limit":                {"            limits:\n              memory: 4Gi\n", "", "no memory limit"},
		"image from the registry": {"imagePullPolicy: IfNotPresent", "imagePullPolicy: Always", "imagePullPolicy"},
		"another namespace":       {"name: embedded-config\n  namespace: minitoolstream", "name: embedded-config\n  namespace: default", `namespace is "default"`},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(content), c.old, c.new, 1)
			if changed == string(content) {
				t.Fatal("nothing was changed")
			}
			objects, err := Decode([]byte(changed))
			mustSucceed(t, err)
			if problems := strings.Join(Check(objects), "\n"); !strings.Contains(problems, c.says) {
				t.Errorf("got %q, want %q in it", problems, c.says)
			}
		})
	}
}
