-- +goose Up
-- hồ sơ: body is the dossier's canonical JSON; the other columns are taken
-- from it for lists and timers and can be rebuilt.
CREATE TABLE dossier (
	id           TEXT PRIMARY KEY,
	version      BIGINT NOT NULL,
	state        TEXT NOT NULL,
	step         TEXT NOT NULL,
	procedure    TEXT NOT NULL,
	channel      TEXT NOT NULL,
	desk         TEXT NOT NULL,
	holder       TEXT NOT NULL,
	assignee     TEXT NOT NULL,
	paused       BOOLEAN NOT NULL,
	filer        TEXT NOT NULL,
	filed_at     TEXT NOT NULL,
	accepted_at  TEXT NOT NULL,
	due_at       TEXT NOT NULL,
	risk_at      TEXT NOT NULL,
	concluded_at TEXT NOT NULL,
	ended_at     TEXT NOT NULL,
	timer_at     TEXT NOT NULL,
	asked        TEXT NOT NULL,
	token        TEXT NOT NULL UNIQUE,
	body         TEXT NOT NULL
);
CREATE INDEX dossier_work ON dossier (holder, state, due_at, id);
CREATE INDEX dossier_mine ON dossier (assignee, state, due_at, id) WHERE assignee <> '';
CREATE INDEX dossier_timer ON dossier (timer_at) WHERE timer_at <> '';
CREATE INDEX dossier_asked ON dossier (asked, due_at, id) WHERE asked <> '';
CREATE INDEX dossier_filer ON dossier (filer, procedure, filed_at) WHERE filer <> '';
CREATE INDEX dossier_desk ON dossier (desk, accepted_at);

-- dossier_code: every code a dossier has had, ours and others'
-- dossier_unit: units that have a part in a dossier; who serves there may see it
-- dossier_term: folded words and numbers by which a dossier is found
-- engine: sqlite
CREATE TABLE dossier_code (
	code    TEXT PRIMARY KEY,
	dossier TEXT NOT NULL REFERENCES dossier (id)
) WITHOUT ROWID;
CREATE TABLE dossier_unit (
	unit    TEXT NOT NULL,
	dossier TEXT NOT NULL REFERENCES dossier (id),
	PRIMARY KEY (dossier, unit)
) WITHOUT ROWID;
CREATE TABLE dossier_term (
	term    TEXT NOT NULL,
	dossier TEXT NOT NULL REFERENCES dossier (id),
	PRIMARY KEY (term, dossier)
) WITHOUT ROWID;
-- engine: postgres
CREATE TABLE dossier_code (
	code    TEXT PRIMARY KEY,
	dossier TEXT NOT NULL REFERENCES dossier (id)
);
CREATE TABLE dossier_unit (
	unit    TEXT NOT NULL,
	dossier TEXT NOT NULL REFERENCES dossier (id),
	PRIMARY KEY (dossier, unit)
);
CREATE TABLE dossier_term (
	term    TEXT NOT NULL,
	dossier TEXT NOT NULL REFERENCES dossier (id),
	PRIMARY KEY (term, dossier)
);
-- engine: any

-- the last number of each series: dossier codes by agency and day, slips and
-- books by desk and year
CREATE TABLE dossier_number (
	series TEXT NOT NULL,
	period TEXT NOT NULL,
	last   BIGINT NOT NULL,
	PRIMARY KEY (series, period)
);

-- papers issued, as their facts
CREATE TABLE dossier_slip (
	dossier TEXT NOT NULL REFERENCES dossier (id),
	kind    TEXT NOT NULL,
	number  TEXT NOT NULL,
	facts   TEXT NOT NULL,
	prints  BIGINT NOT NULL,
	PRIMARY KEY (dossier, kind, number)
);

-- idempotency keys and what they did
CREATE TABLE dossier_request (
	officer TEXT NOT NULL,
	key     TEXT NOT NULL,
	body    TEXT NOT NULL,
	dossier TEXT NOT NULL,
	at      TEXT NOT NULL,
	PRIMARY KEY (officer, key)
);

-- wrong secrets tried on a code, known or not
CREATE TABLE dossier_guess (
	code  TEXT PRIMARY KEY,
	fails BIGINT NOT NULL,
	since TEXT NOT NULL
);

-- dossiers whose date a notice moved; their people must be told
CREATE TABLE dossier_move (
	notice  TEXT NOT NULL,
	dossier TEXT NOT NULL REFERENCES dossier (id),
	PRIMARY KEY (notice, dossier)
);
