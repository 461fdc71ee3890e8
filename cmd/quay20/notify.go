package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
)

// notify tells the service manager how the service is, "READY=1" (systemd's
// Type=notify). Started otherwise, nobody asks and nothing is told.
func notify(log *slog.Logger, state string) {
	if !managed() {
		return
	}
	if err := tellManager(os.Getenv("NOTIFY_SOCKET"), state); err != nil {
		log.Warn("telling the service manager", "state", state, "error", err)
	}
}

// managed reports whether a service manager has started the program and keeps
// what it prints.
func managed() bool { return os.Getenv("NOTIFY_SOCKET") != "" }

func tellManager(address, state string) error {
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write([]byte(state)); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
