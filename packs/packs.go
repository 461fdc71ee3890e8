// Package packs holds the law packs that are shipped in the binary. The YAML
// under each folder is the source (FORMAT.md); the generated form beside it is
// what a program starts from, because parsing a thousand files takes time that
// a counter does not have. After a change run go generate ./packs.
package packs

import (
	"bytes"
	_ "embed"

	"quay20/internal/pack"
)

//go:generate go run ./gen laichau

//go:embed laichau.pack
var laichau []byte

// LaiChau is the pack of Công an tỉnh Lai Châu. Each call decodes it anew:
// keep the result.
func LaiChau() (*pack.Pack, error) { return pack.Decode(bytes.NewReader(laichau)) }
