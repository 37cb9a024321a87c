package main

import (
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const loopback = "127.0.0.1"

// status is what the pod's containers come to. It keeps of the earlier status what does not change: when it started,
// and when a condition last became what it still is.
func (p *pod) status(earlier *v1.Pod) v1.PodStatus {
	status := *earlier.Status.DeepCopy()
	main := map[string]bool{}
	for _, each := range earlier.Spec.Containers {
		main[each.Name] = true
	}
	p.mutex.Lock()
	containers := p.containers
	p.mutex.Unlock()
	status.ContainerStatuses, status.EphemeralContainerStatuses = nil, nil
	for _, each := range containers {
		if main[each.name] {
			status.ContainerStatuses = append(status.ContainerStatuses, each.status())
		} else {
			status.EphemeralContainerStatuses = append(status.EphemeralContainerStatuses, each.status())
		}
	}
	if !ended(status.Phase) {
		status.Phase = phase(status.ContainerStatuses, earlier.Spec.RestartPolicy)
	}
	status.ObservedGeneration = earlier.Generation
	status.HostIP, status.PodIP = loopback, loopback
	status.HostIPs, status.PodIPs = []v1.HostIP{{IP: loopback}}, []v1.PodIP{{IP: loopback}}
	if status.StartTime == nil {
		now := metav1.Now().Rfc3339Copy()
		status.StartTime = &now
	}
	ready := status.Phase == v1.PodRunning && allReady(status.ContainerStatuses)
	for kind, true_ := range map[v1.PodConditionType]bool{
		v1.PodScheduled: true, v1.PodInitialized: true, v1.ContainersReady: ready, v1.PodReady: ready,
	} {
		status.Conditions = withCondition(status.Conditions, kind, true_)
	}
	return status
}

// phase follows "Pod phase" of the documentation on the life cycle of pods.
func phase(containers []v1.ContainerStatus, policy v1.RestartPolicy) v1.PodPhase {
	over, failed := 0, 0
	for _, each := range containers {
		ended := each.State.Terminated
		if each.State.Waiting != nil && each.RestartCount == 0 && each.LastTerminationState.Terminated == nil {
			return v1.PodPending
		}
		if ended == nil {
			continue
		}
		if ended.ExitCode != 0 {
			failed++
		}
		if policy == v1.RestartPolicyNever || policy == v1.RestartPolicyOnFailure && ended.ExitCode == 0 {
			over++
		}
	}
	switch {
	case over < len(containers):
		return v1.PodRunning
	case failed > 0:
		return v1.PodFailed
	default:
		return v1.PodSucceeded
	}
}

func allReady(containers []v1.ContainerStatus) bool {
	for _, each := range containers {
		if !each.Ready {
			return false
		}
	}
	return len(containers) > 0
}

func withCondition(conditions []v1.PodCondition, kind v1.PodConditionType, holds bool) []v1.PodCondition {
	value := v1.ConditionFalse
	if holds {
		value = v1.ConditionTrue
	}
	for i, each := range conditions {
		if each.Type == kind {
			if each.Status != value {
				conditions[i].Status, conditions[i].LastTransitionTime = value, metav1.Now().Rfc3339Copy()
			}
			return conditions
		}
	}
	return append(conditions, v1.PodCondition{
		Type: kind, Status: value, LastTransitionTime: metav1.Now().Rfc3339Copy(),
	})
}
