package main

import (
	"context"
	"fmt"
	"sync"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

// pods are the pods that are bound to this node. The API server says which; each is then kept by a goroutine of its own.
type pods struct {
	client kubernetes.Interface
	node   string
	roots  roots

	mutex sync.Mutex
	byUID map[types.UID]*pod
}

func newPods(client kubernetes.Interface, node string, roots roots) *pods {
	return &pods{client: client, node: node, roots: roots, byUID: map[types.UID]*pod{}}
}

// watch follows the API server until ctx ends.
func (p *pods) watch(ctx context.Context) {
	ours := fields.OneTermEqualSelector("spec.nodeName", p.node)
	_, informer := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: cache.NewListWatchFromClient(
			p.client.CoreV1().RESTClient(), "pods", metav1.NamespaceAll, ours),
		ObjectType: &v1.Pod{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(seen any) { p.saw(ctx, seen.(*v1.Pod)) },
			UpdateFunc: func(_, seen any) { p.saw(ctx, seen.(*v1.Pod)) },
			DeleteFunc: func(seen any) {
				if last, ok := seen.(cache.DeletedFinalStateUnknown); ok {
					seen = last.Obj
				}
				p.gone(seen.(*v1.Pod))
			},
		},
	})
	informer.RunWithContext(ctx)
}

func (p *pods) saw(ctx context.Context, seen *v1.Pod) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if known, ok := p.byUID[seen.UID]; ok {
		known.see(seen)
		return
	}
	if ended(seen.Status.Phase) && seen.DeletionTimestamp == nil {
		return // of an earlier life of this node
	}
	kept := newPod(p, seen)
	p.byUID[seen.UID] = kept
	go kept.keep(ctx)
}

// gone is a pod that the API server has no more, whether or not it had asked us to end it.
func (p *pods) gone(seen *v1.Pod) {
	p.mutex.Lock()
	known := p.byUID[seen.UID]
	delete(p.byUID, seen.UID)
	p.mutex.Unlock()
	if known != nil {
		known.forget()
	}
}

// container finds one by its names; an error says which of them is unknown.
func (p *pods) container(namespace, name, container string) (*container, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, kept := range p.byUID {
		if kept.namespace == namespace && kept.name == name {
			if found := kept.container(container); found != nil {
				return found, nil
			}
			return nil, fmt.Errorf("container not found (%q)", container)
		}
	}
	return nil, fmt.Errorf("pod %s/%s is not on this node", namespace, name)
}

func ended(phase v1.PodPhase) bool { return phase == v1.PodSucceeded || phase == v1.PodFailed }
