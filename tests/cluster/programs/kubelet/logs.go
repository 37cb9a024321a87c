package main

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// logs serves what a container's main process said.
type logs struct{ pods *pods }

func (l logs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, err := l.pods.container(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	asked := r.URL.Query()
	found.mutex.Lock()
	process := found.process
	if asked.Get("previous") == "true" {
		process = found.previous
	}
	found.mutex.Unlock()
	if process == nil {
		http.Error(w, "container "+strconv.Quote(found.name)+" has no such process", http.StatusBadRequest)
		return
	}
	write(w, r, process.output, asked)
}

func write(w http.ResponseWriter, r *http.Request, said *output, asked url.Values) {
	lines := &lineWriter{out: bufio.NewWriter(w), stamped: asked.Get("timestamps") == "true", left: limit(asked)}
	all, over, more := said.from(0)
	next := len(all)
	begin := max(tail(all, asked), since(all, asked))
	w.Header().Set("Content-Type", "text/plain")
	for pieces := all[begin:]; ; {
		for _, each := range pieces {
			if !lines.write(each) {
				return
			}
		}
		if lines.out.Flush() != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		if over || asked.Get("follow") != "true" {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-more:
		}
		pieces, over, more = said.from(next)
		next += len(pieces)
	}
}

// tail is where the last `tailLines` lines begin.
func tail(pieces []piece, asked url.Values) int {
	lines, err := strconv.Atoi(asked.Get("tailLines"))
	if err != nil {
		return 0
	}
	begin := len(pieces)
	for i := len(pieces) - 1; i >= 0; i-- {
		if i == len(pieces)-1 || pieces[i].whole() {
			if lines == 0 {
				break
			}
			lines--
		}
		begin = i
	}
	return begin
}

// since is where begins what was said after `sinceTime`, or in the last `sinceSeconds`.
func since(pieces []piece, asked url.Values) int {
	from, err := time.Parse(time.RFC3339, asked.Get("sinceTime"))
	if seconds, bad := strconv.Atoi(asked.Get("sinceSeconds")); bad == nil {
		from, err = time.Now().Add(-time.Duration(seconds)*time.Second), nil
	}
	if err != nil {
		return 0
	}
	for i, each := range pieces {
		if !each.at.Before(from) {
			return i
		}
	}
	return len(pieces)
}

func limit(asked url.Values) int {
	if bytes, err := strconv.Atoi(asked.Get("limitBytes")); err == nil {
		return bytes
	}
	return int(^uint(0) >> 1)
}

// lineWriter writes pieces, with the time before each line if asked for, up to so many bytes.
type lineWriter struct {
	out     *bufio.Writer
	stamped bool
	inLine  bool
	left    int
}

func (l *lineWriter) write(each piece) bool {
	text := string(each.text)
	if l.stamped && !l.inLine {
		text = each.at.UTC().Format(time.RFC3339Nano) + " " + text
	}
	l.inLine = !each.whole()
	text = text[:min(len(text), l.left)]
	l.left -= len(text)
	if _, err := io.WriteString(l.out, text); err != nil {
		return false
	}
	if l.left == 0 {
		_ = l.out.Flush()
	}
	return l.left > 0
}
