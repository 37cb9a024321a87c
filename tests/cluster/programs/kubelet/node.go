package main

import (
	"context"
	"net"
	"runtime"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
)

// register tells the API server of this node, once: ready, and where to connect to. Nobody looks after its heartbeat,
// for the cluster runs without the controller that would. It declares no feature, so that the API server speaks SPDY.
func register(ctx context.Context, client kubernetes.Interface, name string, at net.Addr) error {
	nodes := client.CoreV1().Nodes()
	wanted := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1.LabelHostname: name}}}
	if _, err := nodes.Create(ctx, wanted, metav1.CreateOptions{}); err != nil && !errors.IsAlreadyExists(err) {
		return err
	}
	// Controllers write to a new node as well.
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		node, err := nodes.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		node.Status = nodeStatus(name, at.(*net.TCPAddr))
		_, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{})
		return err
	})
}

func nodeStatus(name string, at *net.TCPAddr) v1.NodeStatus {
	has := v1.ResourceList{
		v1.ResourceCPU:    resource.MustParse("2"),
		v1.ResourceMemory: resource.MustParse("4Gi"),
		v1.ResourcePods:   resource.MustParse("110"),
	}
	now := metav1.Now()
	return v1.NodeStatus{
		Capacity:    has,
		Allocatable: has,
		Addresses: []v1.NodeAddress{
			{Type: v1.NodeInternalIP, Address: at.IP.String()},
			{Type: v1.NodeHostName, Address: name},
		},
		DaemonEndpoints: v1.NodeDaemonEndpoints{KubeletEndpoint: v1.DaemonEndpoint{Port: int32(at.Port)}},
		NodeInfo: v1.NodeSystemInfo{
			KubeletVersion: "v1.37.2", OperatingSystem: runtime.GOOS, Architecture: runtime.GOARCH,
		},
		Conditions: []v1.NodeCondition{{
			Type: v1.NodeReady, Status: v1.ConditionTrue, Reason: "KubeletReady", Message: "the stand-in runs",
			LastHeartbeatTime: now, LastTransitionTime: now,
		}},
	}
}
