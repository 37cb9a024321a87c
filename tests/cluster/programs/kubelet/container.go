package main

import (
	"fmt"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Before a container that ended is started again. The kubelet's back-off begins at ten seconds; tests would wait for it.
const pause = time.Second

// What a container runs whose pod names no command: its image would have said, and there is none.
var sleeps = []string{"sh", "-c", `trap "exit 0" TERM; while :; do sleep 3600 & wait; done`}

// container is one container of a pod: its main process, which run starts, and starts again as the pod's policy says.
type container struct {
	name   string
	pod    *pod
	spec   v1.Container
	policy v1.RestartPolicy
	over   chan struct{} // closed once nothing of it runs, and nothing will

	mutex    sync.Mutex
	stopping bool
	state    v1.ContainerState
	earlier  v1.ContainerState
	restarts int32
	process  *process // the one that runs, or ran last
	previous *process
}

func newContainer(pod *pod, spec v1.Container, policy v1.RestartPolicy) *container {
	waits := v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	return &container{
		name: spec.Name, pod: pod, spec: spec, policy: policy, over: make(chan struct{}), state: waits,
	}
}

// run is the container's life.
func (c *container) run() {
	defer c.pod.look()
	defer close(c.over)
	for {
		code, ok := c.once()
		if !ok || c.policy == v1.RestartPolicyNever || c.policy == v1.RestartPolicyOnFailure && code == 0 {
			return
		}
		time.Sleep(pause)
	}
}

// once runs the main process to its end; false if it was not to be started, or could not be.
func (c *container) once() (int, bool) {
	c.mutex.Lock()
	if c.stopping {
		c.mutex.Unlock()
		return 0, false
	}
	started, err := c.begin()
	now := metav1.Now().Rfc3339Copy()
	if err != nil {
		c.state = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
			ExitCode: 128, Reason: "StartError", Message: err.Error(), StartedAt: now, FinishedAt: now,
		}}
		c.mutex.Unlock()
		return 0, false
	}
	if c.state.Terminated != nil {
		c.earlier, c.restarts, c.previous = c.state, c.restarts+1, c.process
	}
	c.process, c.state = started, v1.ContainerState{Running: &v1.ContainerStateRunning{StartedAt: now}}
	c.mutex.Unlock()
	c.pod.look()

	code := started.wait()
	c.mutex.Lock()
	c.state = v1.ContainerState{Terminated: terminated(code, now)}
	c.mutex.Unlock()
	c.pod.look()
	return code, true
}

func (c *container) begin() (*process, error) {
	seen, _ := c.pod.now()
	root, err := c.pod.pods.roots.of(string(seen.UID), c.name, c.pod.name)
	if err != nil {
		return nil, err
	}
	return startProcess(root, c)
}

// command is the main process's, with its arguments.
func (c *container) command() []string {
	if len(c.spec.Command)+len(c.spec.Args) == 0 {
		return sleeps
	}
	return append(append([]string{}, c.spec.Command...), c.spec.Args...)
}

// environment is that of every process in the container; values from elsewhere than the pod itself are left out.
func (c *container) environment() []string {
	all := []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "HOSTNAME=" + c.pod.name,
	}
	for _, each := range c.spec.Env {
		if each.ValueFrom == nil {
			all = append(all, each.Name+"="+each.Value)
		}
	}
	return all
}

func (c *container) folder() string {
	if c.spec.WorkingDir != "" {
		return c.spec.WorkingDir
	}
	return "/"
}

// running is the main process, if it runs.
func (c *container) running() (*process, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.state.Running == nil {
		return nil, fmt.Errorf("container %q is not running", c.name)
	}
	return c.process, nil
}

// stop asks the main process to end, and ends it and all that is in its container when it does not do so in time.
func (c *container) stop(grace time.Duration) {
	c.mutex.Lock()
	c.stopping = true
	process := c.process
	running := c.state.Running != nil
	c.mutex.Unlock()
	if running {
		process.signal(syscall.SIGTERM)
		select {
		case <-process.ended:
		case <-time.After(grace):
			process.signal(syscall.SIGKILL)
		}
	}
	<-c.over
}

func (c *container) status() v1.ContainerStatus {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	runs := c.state.Running != nil
	return v1.ContainerStatus{
		Name: c.name, State: c.state, LastTerminationState: c.earlier, Ready: runs, Started: &runs,
		RestartCount: c.restarts, Image: c.spec.Image, ImageID: "none",
		ContainerID: "stand-in://" + c.pod.namespace + "/" + c.pod.name + "/" + c.name,
	}
}

func terminated(code int, since metav1.Time) *v1.ContainerStateTerminated {
	reason := "Completed"
	if code != 0 {
		reason = "Error"
	}
	return &v1.ContainerStateTerminated{
		ExitCode: int32(code), Reason: reason, StartedAt: since, FinishedAt: metav1.Now().Rfc3339Copy(),
	}
}
