package node_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"quay20/internal/node"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

func TestSilentNodesAreTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, clock := context.Background(), storetest.ClockOf(db)
		start := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
		clock.Set(start)
		write := func(fn func(tx *store.Tx) error) {
			t.Helper()
			if err := db.Write(ctx, fn); err != nil {
				t.Fatal(err)
			}
		}
		beat := func(name, version string) {
			t.Helper()
			write(func(tx *store.Tx) error {
				return node.Beat(tx, node.Node{Name: name, Version: version, Started: start})
			})
		}
		states := func() (states []node.State) {
			t.Helper()
			err := db.Read(ctx, func(tx *store.Tx) error {
				list, err := node.All(tx)
				for _, n := range list {
					states = append(states, n.State(tx.Now))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return states
		}
		want := func(states []node.State, want ...node.State) {
			t.Helper()
			if !slices.Equal(states, want) {
				t.Errorf("got %v, want %v", states, want)
			}
		}
		beat("a", "1")
		beat("b", "1")
		beat("b", "2") // the same one, updated
		want(states(), node.Up, node.Up)
		clock.Add(3 * time.Minute)
		beat("a", "1")
		want(states(), node.Up, node.Silent)
		clock.Add(8 * time.Minute)
		write(func(tx *store.Tx) error { return node.Leave(tx, "a") })
		want(states(), node.Ended, node.Lost)
		beat("a", "2") // started again
		want(states(), node.Up, node.Lost)
		clock.Add(8 * 24 * time.Hour)
		beat("a", "2")
		want(states(), node.Up)
	})
}
