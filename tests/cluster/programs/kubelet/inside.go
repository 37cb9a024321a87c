package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// What this program is called when it starts itself as a container's first process.
const insideName = "inside"

// Namespaces that a container has for itself. It shares the network, so that what it listens on is on loopback.
const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC

// begin makes the namespaces that this process was started in a container, and becomes its command: it returns only if
// that fails. Arguments: the root, the host's name, the folder to begin in, and the command.
func begin(arguments []string) error {
	root, host, folder, command := arguments[0], arguments[1], arguments[2], arguments[3:]
	if err := unix.Sethostname([]byte(host)); err != nil {
		return fmt.Errorf("hostname: %w", err)
	}
	if err := enclose(root); err != nil {
		return err
	}
	if err := os.Chdir(folder); err != nil {
		return err
	}
	program, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", program, syscall.Exec(program, command, os.Environ()))
}

// enclose makes root all that this process sees of any file system.
func enclose(root string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount(root, root, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("root: %w", err)
	}
	if err := unix.Mount("proc", filepath.Join(root, "proc"), "proc", 0, ""); err != nil {
		return fmt.Errorf("/proc: %w", err)
	}
	if err := devices(filepath.Join(root, "dev")); err != nil {
		return fmt.Errorf("/dev: %w", err)
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	// The old root ends below the new one, at the same place: pivot_root(2), "pivot_root(".", ".")".
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	return unix.Unmount(".", unix.MNT_DETACH)
}

// devices fills /dev: the few that every program expects, and terminals of the container's own.
func devices(folder string) error {
	if err := unix.Mount("tmpfs", folder, "tmpfs", unix.MS_NOSUID, "mode=755"); err != nil {
		return err
	}
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		place := filepath.Join(folder, name)
		if err := os.WriteFile(place, nil, 0o644); err != nil {
			return err
		}
		if err := unix.Mount("/dev/"+name, place, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	for _, name := range []string{"pts", "shm"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			return err
		}
	}
	own := "newinstance,ptmxmode=0666,mode=620"
	if err := unix.Mount("devpts", filepath.Join(folder, "pts"), "devpts", unix.MS_NOSUID|unix.MS_NOEXEC, own); err != nil {
		return err
	}
	for name, to := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2",
	} {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	return nil
}
