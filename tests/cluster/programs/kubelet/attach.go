package main

import (
	"context"
	"io"

	"github.com/virtual-kubelet/virtual-kubelet/node/api"
)

// attach connects a client with a container's main process, until either ends.
func (p *pods) attach(ctx context.Context, namespace, pod, name string, client api.AttachIO) error {
	found, err := p.container(namespace, pod, name)
	if err != nil {
		return err
	}
	main, err := found.running()
	if err != nil {
		return err
	}
	over := make(chan struct{})
	defer close(over)
	if main.terminal != nil {
		go resize(main.terminal, client, over)
	}
	if in := client.Stdin(); in != nil && main.input != nil {
		go func() {
			_, _ = io.Copy(main.input, in)
			if main.once {
				main.input.Close()
			}
		}()
	}
	said, _, _ := main.output.from(0)
	return hear(ctx, main.output, len(said), client)
}

// hear writes to the client what is said from the n-th piece on.
func hear(ctx context.Context, said *output, n int, client api.AttachIO) error {
	for {
		pieces, over, more := said.from(n)
		n += len(pieces)
		for _, each := range pieces {
			to := client.Stdout()
			if each.stderr {
				to = client.Stderr()
			}
			if to == nil {
				continue
			}
			if _, err := to.Write(each.text); err != nil {
				return err
			}
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-more:
		}
	}
}
