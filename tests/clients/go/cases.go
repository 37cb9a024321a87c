// The Go libraries that the matrix of clients drives. One program: its first argument says which.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// program runs its cases in order.
type program struct {
	names  []string
	bodies map[string]func() (any, error)
}

func (p *program) add(name string, body func() (any, error)) {
	if p.bodies == nil {
		p.bodies = map[string]func() (any, error){}
	}
	p.names = append(p.names, name)
	p.bodies[name] = body
}

// run prints a line of JSON for each case: what it saw, or the error.
func (p *program) run() {
	out := json.NewEncoder(os.Stdout)
	for _, name := range p.names {
		saw, err := p.bodies[name]()
		line := map[string]any{"case": name}
		if err != nil {
			line["failed"] = err.Error()
		} else {
			line["saw"] = fmt.Sprintf("%v", saw)
		}
		if err := out.Encode(line); err != nil {
			panic(err)
		}
	}
}

func main() {
	made := program{}
	switch os.Args[1] {
	case "pgx":
		pgxCases(&made, os.Args[2])
	case "pq":
		pqCases(&made)
	case "ssh":
		sshCases(&made)
	}
	made.run()
}
