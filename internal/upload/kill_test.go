package upload_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
)

// The program that is killed is this test, told by the environment to put
// files one after the other.
const (
	killedDB     = "UPLOAD_KILLED_DB"
	killedFolder = "UPLOAD_KILLED_FOLDER"
)

func TestMain(m *testing.M) {
	if os.Getenv(killedDB) != "" {
		if err := putUntilKilled(); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func putUntilKilled() error {
	db, err := store.Open(context.Background(), os.Getenv(killedDB), store.Options{Now: time.Now})
	if err != nil {
		return err
	}
	s, err := upload.Open(context.Background(), db, os.Getenv(killedFolder), upload.Options{})
	if err != nil {
		return err
	}
	fmt.Println("begun")
	for i := 0; ; i++ {
		body := uploadtest.Written("", fmt.Sprintf("(%d %d)", os.Getpid(), i))
		h, err := s.Put(context.Background(), upload.Sent{Owner: fmt.Sprintf("filing/%d-%d", os.Getpid(), i/10), Slot: "1", Name: "a.pdf"}, body)
		if err != nil {
			return err
		}
		fmt.Println("held", h.ID, h.SHA256)
	}
}

// rel-F01, rel-I-D10, rel-I-D1: a program killed while files come in loses none
// that it acknowledged, and leaves no row without its bytes; what is left
// without a row is swept a day later.
func TestKilledWhileFilesComeIn(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		folder := filepath.Join(t.TempDir(), "files")
		held := map[string]string{}
		rounds := 12
		for round := range rounds {
			run := exec.Command(os.Args[0])
			run.Env = append(os.Environ(), killedDB+"="+address, killedFolder+"="+folder)
			out, err := run.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(out)
			for lines.Scan() {
				if lines.Text() == "begun" { // then at another moment each time
					time.AfterFunc(time.Duration(20+13*round)*time.Millisecond, func() { run.Process.Kill() })
				}
				if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "held" {
					held[f[1]] = f[2]
				} else if f[0] == "error" {
					t.Fatal(lines.Text())
				}
			}
			if err := run.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("round %d was not killed: %v", round, err)
			}
		}
		clock := storetest.NewClock(time.Now())
		db := storetest.Open(t, address, clock)
		s, err := upload.Open(t.Context(), db, folder, upload.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		faults, err := upload.Verify(t.Context(), db, folder)
		if err != nil || len(faults) > 0 {
			t.Errorf("rows without their bytes: %v, %v", faults, err)
		}
		rows := map[string]string{}
		if err := db.Read(t.Context(), func(tx *store.Tx) error {
			return upload.Kept(tx, func(f upload.File) error { rows[f.ID] = f.SHA256; return nil })
		}); err != nil {
			t.Fatal(err)
		}
		lost := 0
		for id, sum := range held {
			if rows[id] != sum {
				lost++
			}
		}
		t.Logf("rounds %d, acknowledged %d, lost %d, rows %d, bytes %d", rounds, len(held), lost, len(rows), len(bytesIn(t, folder)))
		if lost > 0 || len(held) < rounds {
			t.Errorf("%d of %d acknowledged files are lost", lost, len(held))
		}
		clock.Set(time.Now().Add(25 * time.Hour))
		if err := s.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(bytesIn(t, folder)); n != len(rows) {
			t.Errorf("%d files of bytes for %d rows after the sweep", n, len(rows))
		}
	})
}
