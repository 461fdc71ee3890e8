package web

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"quay20/internal/web/webtest"
)

func TestZZAdminShots(t *testing.T) {
	b, base := browsedHouse(t)
	first := webtest.Browser(t, base)
	os.MkdirAll("/tmp/adminshots", 0o755)
	for login, paths := range b.backRoom() {
		p := first.Another()
		b.signsIn(p, login)
		for _, path := range paths {
			p.Goto(path)
			name := strings.NewReplacer("/", "_", "?", "-", "=", "-", "&", "-", "@", "-").Replace(strings.TrimPrefix(path, "/desk/"))
			for _, wd := range []int{360, 1280} {
				os.WriteFile(fmt.Sprintf("/tmp/adminshots/%s_%s_%d.png", login, name, wd), p.Screenshot(wd), 0o644)
			}
		}
	}
}
