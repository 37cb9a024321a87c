package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/virtual-kubelet/virtual-kubelet/node/api"
)

// A stream that says nothing for so long is closed; the kubelet's own default.
const idle = 4 * time.Hour

// settings are where the node serves, and as whom.
type settings struct{ address, authority, certificate, key string }

// listen starts to accept connections of clients whom the authority has signed, and of nobody else.
func (s settings) listen() (net.Listener, error) {
	trusted, err := os.ReadFile(s.authority)
	if err != nil {
		return nil, err
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(trusted) {
		return nil, fmt.Errorf("%s has no certificate", s.authority)
	}
	own, err := tls.LoadX509KeyPair(s.certificate, s.key)
	if err != nil {
		return nil, err
	}
	return tls.Listen("tcp", s.address, &tls.Config{
		Certificates: []tls.Certificate{own},
		ClientCAs:    authorities,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		NextProtos:   []string{"http/1.1"},
	})
}

// serve answers what the API server asks a kubelet for, for ever.
func serve(listener net.Listener, pods *pods) error {
	routes := http.NewServeMux()
	routes.Handle("GET /containerLogs/{namespace}/{pod}/{container}", logs{pods})
	routes.Handle("/", api.PodHandler(api.PodHandlerConfig{
		RunInContainer:        pods.exec,
		AttachToContainer:     pods.attach,
		PortForward:           pods.forward,
		StreamIdleTimeout:     idle,
		StreamCreationTimeout: idle,
	}, false))
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Printf("%s %s", r.Method, r.URL)
		routes.ServeHTTP(w, r)
	})}
	return server.Serve(listener)
}
