-- The journal keeps its last 300 days, whoever deletes from it; no index on the operator's ids.

-- +goose Up
-- +goose StatementBegin
CREATE TRIGGER audit_keeps_its_last_months BEFORE DELETE ON audit
WHEN OLD.at > (SELECT at FROM audit ORDER BY id DESC LIMIT 1) - 25920000000000
BEGIN
    SELECT RAISE(ABORT, 'the journal keeps its last 300 days');
END;
-- +goose StatementEnd
DROP INDEX line_provider;

-- +goose Down
CREATE INDEX line_provider ON line (provider) WHERE provider <> '';
DROP TRIGGER audit_keeps_its_last_months;
