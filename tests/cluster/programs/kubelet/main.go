// A stand-in for the kubelet: one node of a cluster of tests, whose containers are real processes of this machine.
//
// It does what clients of a cluster can see of a node: its pods run, become ready, end, restart and go; exec, attach,
// logs and port-forward reach real processes with real exit codes, terminals and signals. It has no images, volumes,
// probes, limits or network of its own: every container is busybox, on this machine's loopback. Needs root.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// The main goroutine keeps the main thread, so that no other one changes that thread's namespaces (see enter.go).
func init() { runtime.LockOSThread() }

func main() {
	if os.Args[0] == insideName {
		log.Fatal(begin(os.Args[1:]))
	}
	var serving settings
	kubeconfig := flag.String("kubeconfig", "", "how to reach the API server, as this node")
	name := flag.String("node", "", "the node's name")
	folder := flag.String("folder", "", "where containers have their files; it must be there")
	busybox := flag.String("busybox", "/bin/busybox", "a busybox linked statically: what is in every container")
	flag.StringVar(&serving.address, "listen", "", "ADDRESS:PORT for the API server to connect to")
	flag.StringVar(&serving.authority, "client-authority", "", "who signed the API server's certificate as a client")
	flag.StringVar(&serving.certificate, "certificate", "", "this node's certificate as a server")
	flag.StringVar(&serving.key, "key", "", "its private key")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	reach, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	reach.QPS, reach.Burst = 200, 400
	client, err := kubernetes.NewForConfig(reach)
	if err != nil {
		log.Fatal(err)
	}
	files, err := filepath.Abs(*folder)
	if err != nil {
		log.Fatal(err)
	}
	pods := newPods(client, *name, roots{folder: files, busybox: *busybox})
	listener, err := serving.listen()
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(serve(listener, pods)) }()
	if err := register(ctx, client, *name, listener.Addr()); err != nil {
		log.Fatal(err)
	}
	log.Printf("node %s is ready", *name)
	pods.watch(ctx)
}
