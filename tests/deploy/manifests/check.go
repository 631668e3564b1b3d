package manifests

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const namespace = "minitoolstream"

// A workload and what it starts.
type workload struct {
	kind, name string
	selector   *metav1.LabelSelector
	pod        corev1.PodTemplateSpec
	claims     []corev1.PersistentVolumeClaim
}

func workloadsOf(objects []Object) []workload {
	var found []workload
	for _, object := range objects {
		switch value := object.Value.(type) {
		case *appsv1.Deployment:
			found = append(found, workload{"Deployment", value.Name, value.Spec.Selector, value.Spec.Template, nil})
		case *appsv1.StatefulSet:
			found = append(found,
				workload{"StatefulSet", value.Name, value.Spec.Selector, value.Spec.Template, value.Spec.VolumeClaimTemplates})
		}
	}
	return found
}

// Check says what of these objects, applied together, a cluster would refuse, leave without effect, or run less safely than we promise.
func Check(objects []Object) []string {
	c := &checker{objects: objects, workloads: workloadsOf(objects), keys: map[string]map[string]bool{}}
	c.checkNames()
	for _, w := range c.workloads {
		c.checkWorkload(w)
	}
	for _, object := range objects {
		c.checkReferences(object)
	}
	return c.problems
}

type checker struct {
	objects   []Object
	workloads []workload
	keys      map[string]map[string]bool // of ConfigMaps and Secrets
	problems  []string
}

func (c *checker) problem(format string, values ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, values...))
}

func (c *checker) checkNames() {
	seen := map[string]bool{}
	for _, object := range c.objects {
		meta := object.Value.(metav1.Object)
		name := object.Kind.Kind + " " + meta.GetName()
		if seen[name] {
			c.problem("%s is there twice", name)
		}
		seen[name] = true
		if object.Kind.Kind != "Namespace" && meta.GetNamespace() != namespace {
			c.problem("%s: namespace is %q", name, meta.GetNamespace())
		}
		c.rememberKeys(name, object)
	}
}

func (c *checker) rememberKeys(name string, object Object) {
	keys := map[string]bool{}
	switch value := object.Value.(type) {
	case *corev1.ConfigMap:
		for key := range value.Data {
			keys[key] = true
		}
	case *corev1.Secret:
		for key := range value.StringData {
			keys[key] = true
		}
	default:
		return
	}
	c.keys[name] = keys
}

func (c *checker) checkWorkload(w workload) {
	where := w.kind + " " + w.name
	if !matches(w.selector, w.pod.Labels) {
		c.problem("%s: its selector does not match its own pods", where)
	}
	spec := w.pod.Spec
	security := spec.SecurityContext
	if security == nil || !isTrue(security.RunAsNonRoot) || security.RunAsUser == nil || *security.RunAsUser == 0 {
		c.problem("%s: may run as root", where)
	}
	if security == nil || security.SeccompProfile == nil {
		c.problem("%s: no seccomp profile", where)
	}
	volumes := map[string]bool{}
	for _, volume := range spec.Volumes {
		volumes[volume.Name] = true
	}
	for _, claim := range w.claims {
		volumes[claim.Name] = true
	}
	for _, container := range append(spec.InitContainers, spec.Containers...) {
		c.checkContainer(where, container, volumes)
	}
}

func (c *checker) checkContainer(where string, container corev1.Container, volumes map[string]bool) {
	where += ", container " + container.Name
	if container.ImagePullPolicy != corev1.PullIfNotPresent {
		c.problem("%s: imagePullPolicy is %q: an image that was loaded by hand is found with IfNotPresent", where, container.ImagePullPolicy)
	}
	security := container.SecurityContext
	if security == nil || !isTrue(security.ReadOnlyRootFilesystem) || security.AllowPrivilegeEscalation == nil ||
		*security.AllowPrivilegeEscalation || security.Capabilities == nil || len(security.Capabilities.Drop) == 0 {
		c.problem("%s: not restricted", where)
	}
	if container.Resources.Limits.Memory().IsZero() || container.Resources.Requests.Memory().IsZero() {
		c.problem("%s: no memory limit or request", where)
	}
	for _, mount := range container.VolumeMounts {
		if !volumes[mount.Name] {
			c.problem("%s: there is no volume %q", where, mount.Name)
		}
	}
	c.checkProbes(where, container)
	c.checkEnvironment(where, container)
}

func (c *checker) checkProbes(where string, container corev1.Container) {
	ports := map[string]bool{}
	for _, port := range container.Ports {
		ports[port.Name], ports[fmt.Sprint(port.ContainerPort)] = true, true
	}
	for name, probe := range map[string]*corev1.Probe{
		"startup": container.StartupProbe, "readiness": container.ReadinessProbe, "liveness": container.LivenessProbe,
	} {
		port := ""
		switch {
		case probe == nil:
			c.problem("%s: no %s probe", where, name)
			continue
		case probe.GRPC != nil:
			port = fmt.Sprint(probe.GRPC.Port)
		case probe.TCPSocket != nil:
			port = probe.TCPSocket.Port.String()
		case probe.HTTPGet != nil:
			port = probe.HTTPGet.Port.String()
		case probe.Exec == nil || len(probe.Exec.Command) == 0:
			c.problem("%s: the %s probe asks nothing", where, name)
		}
		if port != "" && !ports[port] {
			c.problem("%s: the %s probe asks port %s, which is not declared", where, name, port)
		}
	}
}

func (c *checker) checkEnvironment(where string, container corev1.Container) {
	for _, from := range container.EnvFrom {
		if from.ConfigMapRef != nil && c.keys["ConfigMap "+from.ConfigMapRef.Name] == nil {
			c.problem("%s: there is no ConfigMap %s", where, from.ConfigMapRef.Name)
		}
	}
	for _, variable := range container.Env {
		if variable.ValueFrom == nil || variable.ValueFrom.SecretKeyRef == nil {
			continue
		}
		reference := variable.ValueFrom.SecretKeyRef
		if !isTrue(reference.Optional) && !c.keys["Secret "+reference.Name][reference.Key] {
			c.problem("%s: there is no key %s in Secret %s", where, reference.Key, reference.Name)
		}
	}
}

func isTrue(value *bool) bool { return value != nil && *value }

func nameOf(object Object) string { return object.Value.(metav1.Object).GetName() }
