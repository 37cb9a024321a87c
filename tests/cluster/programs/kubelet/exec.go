package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/creack/pty"
	"github.com/virtual-kubelet/virtual-kubelet/node/api"
	utilexec "k8s.io/utils/exec"
)

// exec runs a command beside the main process of a container; it is killed when its client goes.
func (p *pods) exec(
	ctx context.Context, namespace, pod, name string, command []string, client api.AttachIO,
) error {
	found, err := p.container(namespace, pod, name)
	if err != nil {
		return err
	}
	main, err := found.running()
	if err != nil {
		return err
	}
	started := &exec.Cmd{
		Args: command, Env: found.environment(), Dir: found.folder(), SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	run := withPipes
	if client.TTY() {
		run = withTerminal
	}
	return run(ctx, main, started, client)
}

func withPipes(ctx context.Context, main *process, started *exec.Cmd, client api.AttachIO) error {
	if out := client.Stdout(); out != nil {
		started.Stdout = out
	}
	if out := client.Stderr(); out != nil {
		started.Stderr = out
	}
	var input io.WriteCloser
	if client.Stdin() != nil {
		var err error
		if input, err = started.StdinPipe(); err != nil {
			return err
		}
	}
	if err := main.entering(func() error { return launch(started) }); err != nil {
		return err
	}
	if input != nil {
		// Not by os/exec: its Wait would wait for the client to end its input.
		go func() {
			_, _ = io.Copy(input, client.Stdin())
			input.Close()
		}()
	}
	return result(ctx, started)
}

func withTerminal(ctx context.Context, main *process, started *exec.Cmd, client api.AttachIO) error {
	var near *os.File
	started.SysProcAttr.Setctty = true
	started.Env = append(started.Env, "TERM=xterm")
	err := main.entering(func() error {
		opened, far, err := pty.Open()
		if err != nil {
			return err
		}
		near = opened
		defer far.Close()
		started.Stdin, started.Stdout, started.Stderr = far, far, far
		return launch(started)
	})
	if near != nil {
		defer near.Close()
	}
	if err != nil {
		return err
	}
	over := make(chan struct{})
	defer close(over)
	go resize(near, client, over)
	if in := client.Stdin(); in != nil {
		go func() { _, _ = io.Copy(near, in) }()
	}
	stop := context.AfterFunc(ctx, func() { kill(started) })
	defer stop()
	if out := client.Stdout(); out != nil {
		_, _ = io.Copy(out, near)
	}
	return result(ctx, started)
}

func launch(started *exec.Cmd) error {
	if err := find(started); err != nil {
		return err
	}
	return started.Start()
}

// result waits for the command and says how it ended, as the kubelet says it.
func result(ctx context.Context, started *exec.Cmd) error {
	stop := context.AfterFunc(ctx, func() { kill(started) })
	defer stop()
	err := started.Wait()
	if code := exitCode(err); code != 0 {
		return utilexec.CodeExitError{Err: err, Code: code}
	}
	return nil
}

// kill ends the command and what it has started, but for what left its session.
func kill(started *exec.Cmd) { _ = syscall.Kill(-started.Process.Pid, syscall.SIGKILL) }

// resize gives the terminal the sizes of the client's.
func resize(near *os.File, client api.AttachIO, over <-chan struct{}) {
	for {
		select {
		case <-over:
			return
		case size := <-client.Resize():
			if size.Width > 0 && size.Height > 0 {
				_ = pty.Setsize(near, &pty.Winsize{Rows: size.Height, Cols: size.Width})
			}
		}
	}
}
