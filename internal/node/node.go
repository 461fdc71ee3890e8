// Package node is who serves the province (máy chủ): each running program says
// now and then that it is there, so that the page for devices can tell which of
// several fell silent.
package node

import (
	"fmt"
	"time"

	"quay20/internal/store"
)

// Every is how often a node says that it is there.
const Every = 30 * time.Second

const (
	silent = 2 * time.Minute  // worth a look
	lost   = 10 * time.Minute // somebody must be called
	kept   = 7 * 24 * time.Hour
)

// Node is one program that serves, or served.
type Node struct {
	Name    string // "motcua1 127.0.0.1:8020"
	Version string
	Started time.Time
	Seen    time.Time
	Ended   time.Time // when it was stopped on purpose; zero while it serves
}

// State says how a node is.
type State string

const (
	Up     State = "up"
	Silent State = "silent"
	Lost   State = "lost"
	Ended  State = "ended"
)

// State is how the node is at now.
func (n Node) State(now time.Time) State {
	switch quiet := now.Sub(n.Seen); {
	case !n.Ended.IsZero():
		return Ended
	case quiet > lost:
		return Lost
	case quiet > silent:
		return Silent
	}
	return Up
}

// Beat says that the node is there, and forgets those that left a week ago.
func Beat(tx *store.Tx, n Node) error {
	_, err := tx.Exec(`
		INSERT INTO node (name, version, started, seen, ended) VALUES ($1, $2, $3, $4, '')
		ON CONFLICT (name) DO UPDATE SET version = $2, started = $3, seen = $4, ended = ''`, n.Name, n.Version, n.Started, tx.Now)
	if err == nil {
		_, err = tx.Exec(`DELETE FROM node WHERE seen < $1`, tx.Now.Add(-kept))
	}
	if err != nil {
		return fmt.Errorf("telling that node %s is there: %w", n.Name, err)
	}
	return nil
}

// Leave says that the node was stopped on purpose.
func Leave(tx *store.Tx, name string) error {
	if _, err := tx.Exec(`UPDATE node SET seen = $1, ended = $1 WHERE name = $2`, tx.Now, name); err != nil {
		return fmt.Errorf("telling that node %s stops: %w", name, err)
	}
	return nil
}

// All are the nodes of the last week, by name.
func All(tx *store.Tx) ([]Node, error) {
	list, err := store.All(tx, func(r store.Row) (n Node, err error) {
		return n, r.Scan(&n.Name, &n.Version, store.At(&n.Started), store.At(&n.Seen), store.At(&n.Ended))
	}, `SELECT name, version, started, seen, ended FROM node ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("reading the nodes: %w", err)
	}
	return list, nil
}
