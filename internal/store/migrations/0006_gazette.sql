-- +goose Up
-- thông báo: notices added to the law in force, in the order they were applied
CREATE TABLE gazette_notice (
	id      TEXT PRIMARY KEY,
	seq     BIGINT NOT NULL UNIQUE,
	body    TEXT NOT NULL,
	applied TEXT NOT NULL
);
