package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"github.com/creack/pty"
)

// process is a container's main process, once: process 1 of its namespaces, with which all others in them end.
type process struct {
	command  *exec.Cmd
	output   *output
	terminal *os.File // the near end of its terminal; nil without one
	input    io.WriteCloser
	once     bool // its input ends with that of the first client who attached
	ended    chan struct{}
	code     int
}

// startProcess starts a container's main process in root.
func startProcess(root string, c *container) (*process, error) {
	arguments := append([]string{insideName, root, c.pod.name, c.folder()}, c.command()...)
	p := &process{
		command: &exec.Cmd{Path: "/proc/self/exe", Args: arguments, Env: c.environment()},
		output:  newOutput(),
		once:    c.spec.StdinOnce,
		ended:   make(chan struct{}),
	}
	p.command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: namespaces, Setsid: true, Pdeathsig: syscall.SIGKILL,
	}
	started := make(chan error)
	go p.live(c, started)
	return p, <-started
}

// live starts the process and waits for it on one thread: it is killed when the thread that started it ends.
func (p *process) live(c *container, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	copied, err := p.connect(c)
	if err == nil {
		err = p.command.Start()
	}
	p.disconnect()
	started <- err
	if err != nil {
		return
	}
	copied()
	p.code = exitCode(p.command.Wait())
	if p.terminal != nil {
		p.terminal.Close()
	}
	p.output.end()
	close(p.ended)
}

// connect gives the process its three ends. What it returns waits until all has been read that the process said.
func (p *process) connect(c *container) (func(), error) {
	if c.spec.TTY {
		near, far, err := pty.Open()
		if err != nil {
			return nil, err
		}
		p.terminal, p.input = near, nothingToClose{near}
		p.command.Stdin, p.command.Stdout, p.command.Stderr = far, far, far
		p.command.SysProcAttr.Setctty = true
		p.command.Env = append(p.command.Env, "TERM=xterm")
		return func() { _, _ = io.Copy(p.output.stream(false), near) }, nil
	}
	if c.spec.Stdin {
		input, err := p.command.StdinPipe()
		if err != nil {
			return nil, err
		}
		p.input = input
	}
	p.command.Stdout, p.command.Stderr = p.output.stream(false), p.output.stream(true)
	return func() {}, nil
}

// disconnect closes the far end of a terminal, which is the process's alone.
func (p *process) disconnect() {
	if far, ok := p.command.Stdin.(*os.File); ok {
		far.Close()
	}
}

func (p *process) wait() int {
	<-p.ended
	return p.code
}

func (p *process) signal(signal syscall.Signal) { _ = p.command.Process.Signal(signal) }

// exitCode is a process's, as shells and container runtimes say it: 128 and the signal for one that was killed.
func exitCode(err error) int {
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		if err != nil {
			return 255
		}
		return 0
	}
	if status, ok := failed.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return failed.ExitCode()
}

// nothingToClose is the near end of a terminal as an input: it stays open when a client's input ends.
type nothingToClose struct{ io.Writer }

func (nothingToClose) Close() error { return nil }
