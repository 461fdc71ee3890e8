-- +goose Up
-- organisations with their users and powers of attorney: body is canonical JSON
CREATE TABLE organisation (
	id      TEXT PRIMARY KEY,
	version BIGINT NOT NULL,
	body    TEXT NOT NULL
);

-- who belongs to which, taken from the bodies
CREATE TABLE organisation_member (
	account      TEXT NOT NULL REFERENCES account (id),
	organisation TEXT NOT NULL REFERENCES organisation (id),
	PRIMARY KEY (account, organisation)
);

-- invitations that nobody has taken yet, by the SHA-256 of what their link holds
CREATE TABLE organisation_invitation (
	id           TEXT PRIMARY KEY,
	organisation TEXT NOT NULL REFERENCES organisation (id),
	role         TEXT NOT NULL,
	recipient    TEXT NOT NULL,
	invited_by   TEXT NOT NULL,
	made         TEXT NOT NULL,
	until        TEXT NOT NULL
);
CREATE INDEX organisation_invitation_of ON organisation_invitation (organisation, until);

-- tables of dossiers that an organisation sends, and their rows; forgotten after 30 days
CREATE TABLE batch (
	id           TEXT PRIMARY KEY,
	organisation TEXT NOT NULL REFERENCES organisation (id),
	state        TEXT NOT NULL,
	made         TEXT NOT NULL,
	body         TEXT NOT NULL
);
CREATE INDEX batch_of ON batch (organisation, made);
CREATE INDEX batch_made ON batch (made);
CREATE TABLE batch_row (
	batch TEXT NOT NULL REFERENCES batch (id),
	n     BIGINT NOT NULL,
	key   TEXT NOT NULL,
	state TEXT NOT NULL,
	body  TEXT NOT NULL,
	PRIMARY KEY (batch, n)
);

-- rows that became dossiers, so that a table sent twice makes none twice
CREATE TABLE batch_filed (
	organisation TEXT NOT NULL,
	key          TEXT NOT NULL,
	code         TEXT NOT NULL,
	at           TEXT NOT NULL,
	PRIMARY KEY (organisation, key)
);
