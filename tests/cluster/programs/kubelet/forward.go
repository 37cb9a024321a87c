package main

import (
	"context"
	"io"
	"net"
	"strconv"
)

// forward connects a client with a port of a pod: with that of this machine's loopback, which all pods share.
func (p *pods) forward(_ context.Context, _, _ string, port int32, client io.ReadWriteCloser) error {
	defer client.Close()
	upstream, err := net.Dial("tcp", net.JoinHostPort(loopback, strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	defer upstream.Close()
	go func() {
		_, _ = io.Copy(upstream, client)
		_ = upstream.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(client, upstream)
	return err
}
