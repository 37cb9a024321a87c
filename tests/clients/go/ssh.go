package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// account is how to get in: by the key in SSH_KEY, or with the password in SSH_TOKEN.
func account() (*ssh.ClientConfig, error) {
	_, _, key, _, _, err := ssh.ParseKnownHosts([]byte("host " + os.Getenv("SSH_HOST_KEY")))
	if err != nil {
		return nil, err
	}
	config := &ssh.ClientConfig{User: os.Getenv("SSH_USER"), HostKeyCallback: ssh.FixedHostKey(key)}
	config.HostKeyAlgorithms = []string{ssh.KeyAlgoED25519}
	if token := os.Getenv("SSH_TOKEN"); token != "" {
		config.Auth = []ssh.AuthMethod{ssh.Password(token)}
		return config, nil
	}
	pem, err := os.ReadFile(os.Getenv("SSH_KEY"))
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(pem)
	config.Auth = []ssh.AuthMethod{ssh.PublicKeys(signer)}
	return config, err
}

func sshRun(client *ssh.Client, command string, stdin []byte) (any, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	defer session.Close()
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	err = session.Run(command)
	var exit *ssh.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	status, signal := 0, ""
	if exit != nil {
		status, signal = exit.ExitStatus(), exit.Signal()
	}
	return fmt.Sprintf("%d %s %x %d %q", status, signal, sha256.Sum256(stdout.Bytes()), stdout.Len(), stderr.String()), nil
}

func sshCases(p *program) {
	with := func(name string, body func(*ssh.Client) (any, error)) {
		p.add(name, func() (any, error) {
			config, err := account()
			if err != nil {
				return nil, err
			}
			client, err := ssh.Dial("tcp", "127.0.0.1:"+os.Getenv("SSH_PORT"), config)
			if err != nil {
				return nil, err
			}
			defer client.Close()
			return body(client)
		})
	}
	for name, command := range map[string]string{
		"exec":   "echo out; echo err >&2; exit 7",
		"signal": "kill -TERM $$",
		"large":  "seq 600000",
	} {
		with(name, func(c *ssh.Client) (any, error) { return sshRun(c, command, nil) })
	}
	with("standard input", func(c *ssh.Client) (any, error) {
		return sshRun(c, "cat; echo end", bytes.Repeat([]byte{0, 1, 255, 'x'}, 1_000_000))
	})
	with("one after the other", func(c *ssh.Client) (any, error) {
		seen := []any{}
		for n := range 20 {
			saw, err := sshRun(c, fmt.Sprintf("echo %d; exit %d", n, n), nil)
			if err != nil {
				return nil, err
			}
			seen = append(seen, saw)
		}
		return seen, nil
	})
	with("five at once", func(c *ssh.Client) (any, error) {
		seen, failed := make([]any, 5), make([]error, 5)
		var all sync.WaitGroup
		for n := range 5 {
			all.Go(func() { seen[n], failed[n] = sshRun(c, fmt.Sprintf("sleep 1; echo %d", n), nil) })
		}
		all.Wait()
		return seen, errors.Join(failed...)
	})
	with("terminal", func(c *ssh.Client) (any, error) {
		session, err := c.NewSession()
		if err != nil {
			return nil, err
		}
		defer session.Close()
		if err := session.RequestPty("xterm", 31, 97, ssh.TerminalModes{ssh.ECHO: 0}); err != nil {
			return nil, err
		}
		out, err := session.Output("stty size; echo $TERM; tty -s && echo terminal")
		return string(out), err
	})
	with("sftp", func(c *ssh.Client) (any, error) {
		files, err := sftp.NewClient(c)
		if err != nil {
			return nil, err
		}
		defer files.Close()
		folder := os.Getenv("SSH_FOLDER")
		data := bytes.Repeat([]byte("0123456789abcdef\n"), 100_000)
		file, err := files.Create(folder + "/go")
		if err != nil {
			return nil, err
		}
		if _, err := file.ReadFrom(bytes.NewReader(data)); err != nil {
			return nil, err
		}
		if err := errors.Join(file.Close(), files.Rename(folder+"/go", folder+"/renamed"), files.Chmod(folder+"/renamed", 0o640)); err != nil {
			return nil, err
		}
		again, err := files.Open(folder + "/renamed")
		if err != nil {
			return nil, err
		}
		back, err := io.ReadAll(again)
		if err != nil {
			return nil, err
		}
		found, err := files.Stat(folder + "/renamed")
		if err != nil {
			return nil, err
		}
		names, err := files.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		_, missing := files.Stat(folder + "/nowhere")
		return []any{bytes.Equal(back, data), found.Mode().String(), len(names), missing, files.Remove(folder + "/renamed")}, again.Close()
	})
	with("forwarding", func(c *ssh.Client) (any, error) {
		channel, err := c.Dial("tcp", os.Getenv("SSH_ECHO"))
		if err != nil {
			return nil, err
		}
		defer channel.Close()
		if _, err := io.WriteString(channel, strings.Repeat("there and back ", 10000)); err != nil {
			return nil, err
		}
		back := make([]byte, 150000)
		if _, err := io.ReadFull(channel, back); err != nil {
			return nil, err
		}
		return fmt.Sprintf("%x", sha256.Sum256(back)), nil
	})
	with("environment", func(c *ssh.Client) (any, error) {
		session, err := c.NewSession()
		if err != nil {
			return nil, err
		}
		defer session.Close()
		if err := session.Setenv("LC_TIME", "C"); err != nil {
			return nil, err
		}
		out, err := session.Output("echo $LC_TIME")
		return string(out), err
	})
}
