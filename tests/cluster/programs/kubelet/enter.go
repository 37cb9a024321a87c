package main

import (
	"fmt"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// entering calls start on a thread that is in the container's namespaces and sees its files, so that what start opens
// and begins is in the container. The thread is not used for anything else: it ends with the goroutine that locked it.
func (p *process) entering(start func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := p.enter()
		if err == nil {
			err = start()
		}
		done <- err
	}()
	return <-done
}

func (p *process) enter() error {
	first, err := unix.PidfdOpen(p.command.Process.Pid, 0)
	if err != nil {
		return fmt.Errorf("the container has ended: %w", err)
	}
	defer unix.Close(first)
	// A thread that shares its root and its folder with others may not change its mounts: setns(2).
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	return unix.Setns(first, namespaces)
}

// find is where the command's program is, on the path of the container; call it inside.
func find(command *exec.Cmd) error {
	program, err := exec.LookPath(command.Args[0])
	if err != nil {
		return fmt.Errorf("unable to start container process: %w", err)
	}
	command.Path = program
	return nil
}
