package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// roots are the files of containers: for each a folder of its own with a busybox, and little else.
type roots struct{ folder, busybox string }

// of is a container's root, made if it was not there; what a process left in it is there for the next one.
func (r roots) of(uid, container, host string) (string, error) {
	root := filepath.Join(r.folder, uid, container)
	if _, err := os.Stat(root); err == nil {
		return root, nil
	}
	for _, each := range []string{"bin", "dev", "etc", "proc", "root", "tmp", "usr", "var"} {
		if err := os.MkdirAll(filepath.Join(root, each), 0o755); err != nil {
			return "", err
		}
	}
	if err := os.Chmod(filepath.Join(root, "tmp"), 0o777|os.ModeSticky); err != nil {
		return "", err
	}
	for name, text := range map[string]string{
		"passwd":   "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
		"group":    "root:x:0:\nnogroup:x:65534:\n",
		"hosts":    "127.0.0.1 localhost " + host + "\n",
		"hostname": host + "\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return root, r.programs(root)
}

// programs puts a busybox there, and a link to it for each of its programs.
func (r roots) programs(root string) error {
	if err := copyFile(r.busybox, filepath.Join(root, "bin", "busybox")); err != nil {
		return err
	}
	names, err := exec.Command(r.busybox, "--list").Output()
	if err != nil {
		return fmt.Errorf("%s --list: %w", r.busybox, err)
	}
	for _, name := range strings.Fields(string(names)) {
		if name == "busybox" {
			continue
		}
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			return err
		}
	}
	for name, to := range map[string]string{"sbin": "bin", "usr/bin": "../bin", "usr/sbin": "../bin"} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			return err
		}
	}
	return nil
}

func (r roots) remove(uid string) { _ = os.RemoveAll(filepath.Join(r.folder, uid)) }

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(target, source); err != nil {
		return err
	}
	return target.Close()
}
