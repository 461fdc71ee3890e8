-- The turn: one row that every batch of writes takes first. On PostgreSQL it
-- makes the nodes' writers follow one another, so that a write sees what all
-- earlier ones left; on both engines it is written when the store proves,
-- after an I/O error, that it can save again.

-- +goose Up
CREATE TABLE store_turn (
	one    BIGINT PRIMARY KEY CHECK (one = 1),
	proofs BIGINT NOT NULL
);
INSERT INTO store_turn (one, proofs) VALUES (1, 0);
