package main

import (
	"context"
	"log"
	"slices"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// How long a pod that is deleted may take to end, whatever its grace period: nobody waits half a minute for a
	// `sleep` that heeds no signal, as process 1 of a container.
	patience = 2 * time.Second
	// Before a status that could not be written is written again.
	again = 100 * time.Millisecond
)

// pod is one pod while it is on this node. Only keep starts its containers and tells the API server of them.
type pod struct {
	namespace, name string
	pods            *pods
	changed         chan struct{} // has room for one: that something is to be looked at

	mutex      sync.Mutex
	seen       *v1.Pod // as the API server had it last; never written to
	forgotten  bool
	containers []*container
}

func newPod(pods *pods, seen *v1.Pod) *pod {
	return &pod{
		namespace: seen.Namespace, name: seen.Name, pods: pods, seen: seen, changed: make(chan struct{}, 1),
	}
}

func (p *pod) see(seen *v1.Pod) {
	p.mutex.Lock()
	p.seen = seen
	p.mutex.Unlock()
	p.look()
}

func (p *pod) forget() {
	p.mutex.Lock()
	p.forgotten = true
	p.mutex.Unlock()
	p.look()
}

func (p *pod) look() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

func (p *pod) now() (*v1.Pod, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.seen, p.forgotten
}

func (p *pod) container(name string) *container {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, each := range p.containers {
		if each.name == name {
			return each
		}
	}
	return nil
}

// keep starts what the pod is to run, and reports it, until the pod is deleted or ctx ends.
func (p *pod) keep(ctx context.Context) {
	for ctx.Err() == nil {
		seen, forgotten := p.now()
		if forgotten || seen.DeletionTimestamp != nil {
			p.end(ctx, seen, forgotten)
			return
		}
		p.start(seen)
		if err := p.report(ctx); err != nil {
			log.Printf("status of %s/%s: %v", p.namespace, p.name, err)
			time.AfterFunc(again, p.look)
		}
		select {
		case <-ctx.Done():
		case <-p.changed:
		}
	}
}

// start starts every container that is asked for and was never started; `kubectl debug` adds some to a running pod.
func (p *pod) start(seen *v1.Pod) {
	wanted := slices.Clone(seen.Spec.Containers)
	for _, ephemeral := range seen.Spec.EphemeralContainers {
		wanted = append(wanted, v1.Container(ephemeral.EphemeralContainerCommon))
	}
	for i, spec := range wanted {
		if p.container(spec.Name) != nil {
			continue
		}
		policy := seen.Spec.RestartPolicy
		if i >= len(seen.Spec.Containers) {
			policy = v1.RestartPolicyNever
		}
		started := newContainer(p, spec, policy)
		p.mutex.Lock()
		p.containers = append(p.containers, started)
		p.mutex.Unlock()
		go started.run()
	}
}

// report writes the status, if it is another one than the API server has.
func (p *pod) report(ctx context.Context) error {
	seen, _ := p.now()
	status := p.status(seen)
	if equality.Semantic.DeepEqual(status, seen.Status) {
		return nil
	}
	of := p.pods.client.CoreV1().Pods(p.namespace)
	latest, err := of.Get(ctx, p.name, metav1.GetOptions{})
	if errors.IsNotFound(err) || err == nil && latest.UID != seen.UID {
		return nil // the watch will say so
	}
	if err != nil {
		return err
	}
	latest.Status = p.status(latest)
	written, err := of.UpdateStatus(ctx, latest, metav1.UpdateOptions{})
	if err == nil {
		p.mutex.Lock()
		p.seen = written
		p.mutex.Unlock()
		if written.DeletionTimestamp != nil || len(written.Spec.EphemeralContainers) > len(seen.Spec.EphemeralContainers) {
			p.look()
		}
	}
	return err
}

// end stops the containers, says how they ended, and takes the pod out of the API server.
func (p *pod) end(ctx context.Context, seen *v1.Pod, forgotten bool) {
	grace := patience
	if seconds := seen.DeletionGracePeriodSeconds; seconds != nil && time.Duration(*seconds)*time.Second < grace {
		grace = time.Duration(*seconds) * time.Second
	}
	if forgotten {
		grace = 0
	}
	var stopping sync.WaitGroup
	for _, each := range p.containers {
		stopping.Go(func() { each.stop(grace) })
	}
	stopping.Wait()
	p.pods.roots.remove(string(seen.UID))
	if forgotten {
		return
	}
	if err := p.report(ctx); err != nil {
		log.Printf("last status of %s/%s: %v", p.namespace, p.name, err)
	}
	now, uid := int64(0), seen.UID
	options := metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &metav1.Preconditions{UID: &uid}}
	err := p.pods.client.CoreV1().Pods(p.namespace).Delete(ctx, p.name, options)
	if err != nil && !errors.IsNotFound(err) {
		log.Printf("%s/%s is not deleted: %v", p.namespace, p.name, err)
	}
}
