-- +goose Up

-- The roll of officers (danh sách cán bộ). Every row is protected: its hash is
-- in the journal, so that a row changed behind the program's back is found.
CREATE TABLE officer (
	id          TEXT NOT NULL PRIMARY KEY,
	login       TEXT NOT NULL UNIQUE,
	person      TEXT NOT NULL,
	name        TEXT NOT NULL,
	title       TEXT NOT NULL,
	unit        TEXT NOT NULL,
	active      BOOLEAN NOT NULL,
	password    TEXT NOT NULL,
	start_code  TEXT NOT NULL,
	start_until TEXT NOT NULL,
	must_change BOOLEAN NOT NULL,
	totp        TEXT NOT NULL,
	created     TEXT NOT NULL,
	version     BIGINT NOT NULL
);

-- Grants are never deleted: a revoked one stays and says who ended it.
CREATE TABLE officer_grant (
	id          TEXT NOT NULL PRIMARY KEY,
	officer     TEXT NOT NULL REFERENCES officer (id),
	role        TEXT NOT NULL,
	unit        TEXT NOT NULL,
	from_day    TEXT NOT NULL,
	to_day      TEXT NOT NULL,
	reason      TEXT NOT NULL,
	state       TEXT NOT NULL,
	proposed_by TEXT NOT NULL,
	proposed_at TEXT NOT NULL,
	settled_by  TEXT NOT NULL,
	settled_at  TEXT NOT NULL,
	revoked_by  TEXT NOT NULL,
	revoked_at  TEXT NOT NULL
);
CREATE INDEX officer_grant_officer ON officer_grant (officer, id);

-- Sequences of officer and grant numbers.
CREATE TABLE officer_count (
	kind TEXT NOT NULL PRIMARY KEY,
	n    BIGINT NOT NULL
);

-- Sessions, by the SHA-256 of their token.
CREATE TABLE officer_session (
	id       TEXT NOT NULL PRIMARY KEY,
	officer  TEXT NOT NULL REFERENCES officer (id),
	started  TEXT NOT NULL,
	seen     TEXT NOT NULL,
	elevated TEXT NOT NULL,
	desk     TEXT NOT NULL,
	client   TEXT NOT NULL
);
CREATE INDEX officer_session_officer ON officer_session (officer, started);
CREATE INDEX officer_session_seen ON officer_session (seen);

-- A second factor being enrolled, before its first code.
CREATE TABLE officer_enrolment (
	officer TEXT NOT NULL PRIMARY KEY REFERENCES officer (id),
	secret  TEXT NOT NULL,
	until   TEXT NOT NULL
);

-- The last time step whose code an officer used; only later steps count.
CREATE TABLE officer_step (
	officer TEXT NOT NULL PRIMARY KEY REFERENCES officer (id),
	step    BIGINT NOT NULL
);

-- Failures by account, address, subnet and all; keys are hashes.
CREATE TABLE officer_throttle (
	id    TEXT NOT NULL PRIMARY KEY,
	fails BIGINT NOT NULL,
	until TEXT NOT NULL,
	last  TEXT NOT NULL
);

-- Addresses from which an account has signed in before; keys are hashes.
CREATE TABLE officer_known (
	id   TEXT NOT NULL PRIMARY KEY,
	last TEXT NOT NULL
);

-- The one-time code printed on the console for the first administrator.
CREATE TABLE officer_first (
	id    TEXT NOT NULL PRIMARY KEY,
	code  TEXT NOT NULL,
	until TEXT NOT NULL
);
