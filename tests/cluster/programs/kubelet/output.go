package main

import (
	"bytes"
	"io"
	"sync"
	"time"
)

// piece is what a process said at once, a line at most; a line that is whole ends with its newline.
type piece struct {
	at     time.Time
	stderr bool
	text   []byte
}

// output is all that a process has said: what `logs` reads, and whoever attaches from then on. It is kept in memory.
type output struct {
	mutex  sync.Mutex
	pieces []piece
	over   bool
	more   chan struct{} // closed and replaced when there is more, or no more to come
}

func newOutput() *output { return &output{more: make(chan struct{})} }

// stream is where the process writes to.
func (o *output) stream(stderr bool) io.Writer { return &stream{o, stderr} }

type stream struct {
	output *output
	stderr bool
}

func (s *stream) Write(said []byte) (int, error) {
	now := time.Now()
	o := s.output
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for line := range bytes.Lines(said) {
		o.pieces = append(o.pieces, piece{now, s.stderr, bytes.Clone(line)})
	}
	o.tell()
	return len(said), nil
}

func (o *output) end() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.over = true
	o.tell()
}

func (o *output) tell() {
	close(o.more)
	o.more = make(chan struct{})
}

// from is what was said from the n-th piece on, whether that is all there will be, and what to wait on for more.
func (o *output) from(n int) ([]piece, bool, <-chan struct{}) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.pieces[n:], o.over, o.more
}

func (p piece) whole() bool { return bytes.HasSuffix(p.text, []byte("\n")) }
