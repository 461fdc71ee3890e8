-- +goose Up

-- The unit whose end brought a grant about: its officers went to the heir.
ALTER TABLE officer_grant ADD COLUMN former TEXT NOT NULL DEFAULT '';

-- Dossiers that a desk received and another one keeps now; the register of the
-- past lists them where they were received.
-- engine: sqlite
CREATE TABLE dossier_passed (
	desk    TEXT NOT NULL,
	dossier TEXT NOT NULL REFERENCES dossier (id),
	PRIMARY KEY (desk, dossier)
) WITHOUT ROWID;
-- engine: postgres
CREATE TABLE dossier_passed (
	desk    TEXT NOT NULL,
	dossier TEXT NOT NULL REFERENCES dossier (id),
	PRIMARY KEY (desk, dossier)
);
-- engine: any
