package store

import "fmt"

// Spoilt names up to a hundred places in the file of the embedded database that
// are damaged, "row 5 missing from index dossier_holder": what lies there is lost
// to every question asked through it, without an error. It reads the whole file.
// PostgreSQL looks after its files itself: it is asked nothing.
func Spoilt(tx *Tx) ([]string, error) {
	if tx.engine.name() != "sqlite" {
		return nil, nil
	}
	said, err := All(tx, word, `SELECT integrity_check FROM pragma_integrity_check`)
	if err != nil {
		return nil, fmt.Errorf("checking the database file: %w", err)
	}
	if len(said) == 1 && said[0] == "ok" {
		return nil, nil
	}
	return said, nil
}
