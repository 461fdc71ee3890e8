-- +goose Up
-- words sent to people; recipient and text are erased in time
CREATE TABLE notice (
	id        TEXT PRIMARY KEY,
	made      TEXT NOT NULL,
	channel   TEXT NOT NULL,
	recipient TEXT NOT NULL,
	about     TEXT NOT NULL,
	event     TEXT NOT NULL,
	words     TEXT NOT NULL,
	lang      TEXT NOT NULL,
	heading   TEXT NOT NULL,
	body      TEXT NOT NULL,
	secret    TEXT NOT NULL,
	use_by    TEXT NOT NULL,
	state     TEXT NOT NULL,
	settled   TEXT NOT NULL,
	UNIQUE (event, channel, recipient)
);
CREATE INDEX notice_made ON notice (made);
CREATE INDEX notice_about ON notice (about, made);
CREATE INDEX notice_secret ON notice (use_by) WHERE secret <> '';

-- citizens' accounts: body is the account's canonical JSON
CREATE TABLE account (
	id      TEXT PRIMARY KEY,
	state   TEXT NOT NULL,
	version BIGINT NOT NULL,
	body    TEXT NOT NULL
);

-- the ways in, taken from the bodies: a phone, an e-mail address, an electronic identity
CREATE TABLE account_way (
	kind    TEXT NOT NULL,
	value   TEXT NOT NULL,
	account TEXT NOT NULL REFERENCES account (id),
	PRIMARY KEY (kind, value)
);
CREATE INDEX account_way_account ON account_way (account);

-- sessions of citizens, by the SHA-256 of their token
CREATE TABLE account_session (
	id      TEXT PRIMARY KEY,
	account TEXT NOT NULL REFERENCES account (id),
	how     TEXT NOT NULL,
	shared  BOOLEAN NOT NULL,
	started TEXT NOT NULL,
	seen    TEXT NOT NULL,
	proved  TEXT NOT NULL,
	client  TEXT NOT NULL
);
CREATE INDEX account_session_account ON account_session (account, started);
CREATE INDEX account_session_seen ON account_session (seen);

-- tries under way, by the SHA-256 of what the browser holds: a one-time code
-- that was sent, or a way to the e-ID provider and back
CREATE TABLE account_try (
	id      TEXT PRIMARY KEY,
	purpose TEXT NOT NULL,
	account TEXT NOT NULL,
	kind    TEXT NOT NULL,
	value   TEXT NOT NULL,
	code    TEXT NOT NULL,
	second  TEXT NOT NULL,
	held    TEXT NOT NULL,
	wrong   BIGINT NOT NULL,
	made    TEXT NOT NULL,
	until   TEXT NOT NULL
);
CREATE INDEX account_try_until ON account_try (until);

-- what was asked for by address and destination; keys are hashes
CREATE TABLE account_throttle (
	id    TEXT PRIMARY KEY,
	n     BIGINT NOT NULL,
	since TEXT NOT NULL
);
CREATE INDEX account_throttle_since ON account_throttle (since);
