package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lib/pq"
)

func pqRows(rows *sql.Rows, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	seen := []any{}
	for rows.Next() {
		values := make([]any, len(columns))
		places := make([]any, len(columns))
		for n := range values {
			places[n] = &values[n]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		seen = append(seen, fmt.Sprint(values))
	}
	return seen, rows.Err()
}

func pqCases(p *program) {
	with := func(name string, body func(*sql.DB) (any, error)) {
		p.add(name, func() (any, error) {
			db, err := sql.Open("postgres", "")
			if err != nil {
				return nil, err
			}
			defer db.Close()
			return body(db)
		})
	}
	with("every type", func(db *sql.DB) (any, error) {
		return pqRows(db.Query("select * from every_type order by a"))
	})
	with("parameters", func(db *sql.DB) (any, error) {
		return pqRows(db.Query("select $1::int, $2::text, $3::text[]", 7, "ü", pq.Array([]string{"a", "b"})))
	})
	with("prepared", func(db *sql.DB) (any, error) {
		statement, err := db.Prepare("select name from people where id = $1")
		if err != nil {
			return nil, err
		}
		defer statement.Close()
		seen := []any{}
		for id := range 20 {
			rows, err := pqRows(statement.Query(id + 1))
			if err != nil {
				return nil, err
			}
			seen = append(seen, rows)
		}
		return seen, nil
	})
	with("copy in", func(db *sql.DB) (any, error) {
		tx, err := db.Begin()
		if err != nil {
			return nil, err
		}
		defer tx.Rollback()
		if _, err := tx.Exec("create temp table copied (n int, s text)"); err != nil {
			return nil, err
		}
		statement, err := tx.Prepare(pq.CopyIn("copied", "n", "s"))
		if err != nil {
			return nil, err
		}
		for n := range 2000 {
			if _, err := statement.Exec(n, fmt.Sprint("row ", n)); err != nil {
				return nil, err
			}
		}
		if _, err := statement.Exec(); err != nil {
			return nil, err
		}
		if err := statement.Close(); err != nil {
			return nil, err
		}
		return pqRows(tx.Query("select count(*), max(s) from copied"))
	})
	with("errors", func(db *sql.DB) (any, error) {
		seen := []any{}
		for _, line := range []string{"select 1 / 0", "select * from nowhere", "insert into people (id, name) values (1, 'x')"} {
			_, err := db.Exec(line)
			var said *pq.Error
			if !errors.As(err, &said) {
				return nil, fmt.Errorf("no error of the server's: %w", err)
			}
			seen = append(seen, said.Code, said.Message, said.Detail, said.Constraint)
		}
		return seen, nil
	})
	with("listener", func(*sql.DB) (any, error) {
		account := fmt.Sprintf("host=127.0.0.1 port=%s", os.Getenv("PGPORT"))
		listener := pq.NewListener(account, time.Second, time.Second, nil)
		defer listener.Close()
		if err := listener.Listen("here"); err != nil {
			return nil, err
		}
		db, err := sql.Open("postgres", "")
		if err != nil {
			return nil, err
		}
		defer db.Close()
		if _, err := db.Exec("notify here, 'payload'"); err != nil {
			return nil, err
		}
		select {
		case heard := <-listener.Notify:
			return []any{heard.Channel, heard.Extra}, nil
		case <-time.After(10 * time.Second):
			return nil, errors.New("nothing was heard")
		}
	})
}
