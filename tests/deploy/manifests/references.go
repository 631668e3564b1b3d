package manifests

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func (c *checker) checkReferences(object Object) {
	switch value := object.Value.(type) {
	case *corev1.Service:
		c.checkService(value)
	case *policyv1.PodDisruptionBudget:
		if len(c.selected(value.Spec.Selector)) == 0 {
			c.problem("PodDisruptionBudget %s selects nothing", value.Name)
		}
	case *autoscalingv2.HorizontalPodAutoscaler:
		target := value.Spec.ScaleTargetRef
		for _, w := range c.workloads {
			if w.kind == target.Kind && w.name == target.Name {
				return
			}
		}
		c.problem("HorizontalPodAutoscaler %s: there is no %s %s", value.Name, target.Kind, target.Name)
	}
}

func (c *checker) checkService(service *corev1.Service) {
	selected := c.selected(&metav1.LabelSelector{MatchLabels: service.Spec.Selector})
	if len(selected) != 1 {
		c.problem("Service %s selects %d workloads", service.Name, len(selected))
		return
	}
	declared := map[string]bool{}
	for _, container := range selected[0].pod.Spec.Containers {
		for _, port := range container.Ports {
			declared[port.Name] = true
		}
	}
	for _, port := range service.Spec.Ports {
		if !declared[port.TargetPort.String()] {
			c.problem("Service %s: no container has a port %s", service.Name, port.TargetPort.String())
		}
	}
}

func (c *checker) selected(selector *metav1.LabelSelector) []workload {
	var found []workload
	for _, w := range c.workloads {
		if matches(selector, w.pod.Labels) {
			found = append(found, w)
		}
	}
	return found
}

func matches(selector *metav1.LabelSelector, set map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && !parsed.Empty() && parsed.Matches(labels.Set(set))
}
